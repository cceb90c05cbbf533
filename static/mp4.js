// What must be known of an MP4's first bytes (ISO/IEC 14496-12) before a browser takes them piece by piece.

const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl"]);
const AVC_ENTRY = 78; // bytes of a picture's sample entry before the boxes in it
const SOUND_ENTRY = 28;

const fourCharacters = (view, at) => String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));
const hex = (value) => value.toString(16).padStart(2, "0");

/** The boxes between two places: { type, from, to }, where `from` is behind the header. Null: one is not whole. */
function boxes(view, from, to) {
  const found = [];
  for (let at = from; at < to;) {
    if (at + 8 > to) return null;
    const size = view.getUint32(at);
    if (size < 8 || at + size > to) return null; // 0 and 1 mean other things, which no index needs
    found.push({ type: fourCharacters(view, at + 4), from: at + 8, to: at + size });
    at += size;
  }
  return found;
}

/** The codec of one sample entry as RFC 6381 names it; null where it is not one that we make. */
function codecOf(view, entry) {
  if (entry.type === "avc1" || entry.type === "avc3") {
    const config = boxes(view, entry.from + AVC_ENTRY, entry.to)?.find((box) => box.type === "avcC");
    if (!config) return null;
    return `${entry.type}.${[1, 2, 3].map((n) => hex(view.getUint8(config.from + n))).join("")}`;
  }
  if (entry.type !== "mp4a") return null;
  const config = boxes(view, entry.from + SOUND_ENTRY, entry.to)?.find((box) => box.type === "esds");
  return config ? soundCodec(view, config) : null;
}

/** From the descriptors of an esds (ISO/IEC 14496-1, 7.2.6): the decoder's number and, of AAC, its object type. */
function soundCodec(view, { from, to }) {
  let at = from + 4;
  let decoder = null;
  while (at + 2 <= to) {
    const tag = view.getUint8(at);
    for (at += 1; at < to && view.getUint8(at) & 0x80;) at += 1; // the length, seven bits a byte
    at += 1;
    if (tag === 3) at += 3;
    else if (tag === 4) { decoder = view.getUint8(at); at += 13; }
    else if (tag === 5 && decoder === 0x40) return `mp4a.40.${view.getUint8(at) >> 3}`;
    else break;
  }
  return null;
}

function entries(view, from, to) {
  return (boxes(view, from, to) ?? []).flatMap((box) => {
    if (box.type === "stsd") return boxes(view, box.from + 8, box.to) ?? [];
    return CONTAINERS.has(box.type) ? entries(view, box.from, box.to) : [];
  });
}

/**
 * The MIME type with codecs of an MP4 that begins with `bytes`, for MediaSource.isTypeSupported.
 * "more": the index is not there yet; null: there is a track that no browser takes in pieces, or no MP4.
 */
export function typeOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 8 <= bytes.byteLength;) {
    const size = view.getUint32(at);
    const type = fourCharacters(view, at + 4);
    if (size < 8 || !/^[\w ]{4}$/.test(type)) return null;
    if (at + size > bytes.byteLength) return "more";
    if (type === "moov") {
      const codecs = entries(view, at + 8, at + size).map((entry) => codecOf(view, entry));
      return codecs.length === 0 || codecs.includes(null) ? null : `video/mp4; codecs="${codecs.join(", ")}"`;
    }
    at += size;
  }
  return "more";
}
