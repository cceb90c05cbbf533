// @ts-check
import assert from "node:assert/strict";
import { writeFile, mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { problemsOf } from "./validate-glb.js";

const HEAD = new URL("../../lipsync/assets/head/head.glb", import.meta.url);

test("Khronos' validator finds nothing wrong with the head that the package ships", async () => {
  assert.deepEqual(await problemsOf(HEAD), []);
});

test("the validator finds what is wrong", async () => {
  const broken = await readFile(HEAD);
  broken.write('"count":1,', broken.indexOf('"count":'));
  const path = join(await mkdtemp(join(tmpdir(), "glb-")), "broken.glb");
  await writeFile(path, broken);
  assert.notDeepEqual(await problemsOf(path), []);
});
