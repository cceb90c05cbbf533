"""Which point of MediaPipe's 468-point face mesh is where.

Right and left are the person's own; in the picture the person's right eye is at the left.
Points: https://github.com/google-ai-edge/mediapipe, canonical_face_model (Apache-2.0).
"""

UPPER_LIP: tuple[tuple[int, ...], ...] = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
)
"""Four rings of the upper lip, outermost first, each from the right corner of the mouth to the left one."""

LOWER_LIP: tuple[tuple[int, ...], ...] = (
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
"""Points of the lower lip, as above; the rings share their two ends with the upper lip's."""

LIPS: tuple[int, ...] = tuple(sorted({point for ring in UPPER_LIP + LOWER_LIP for point in ring}))
MOUTH_CORNERS = (61, 291)
INNER_CORNERS = (78, 308)
CHIN = 152

FACE_OVAL: tuple[int, ...] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

EYE_CORNERS_OUTER = (33, 263)
EYE_CORNERS = (33, 133, 362, 263)

UPPER_LIDS: tuple[tuple[int, ...], ...] = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133),
    (362, 398, 384, 385, 386, 387, 388, 466, 263),
)
"""Edges of the upper eyelids, from the picture's left to its right: the person's right eye, then the left."""
LOWER_LIDS: tuple[tuple[int, ...], ...] = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133),
    (362, 382, 381, 380, 374, 373, 390, 249, 263),
)
LID_CREASES: tuple[tuple[int, ...], ...] = (
    (130, 247, 30, 29, 27, 28, 56, 190, 243),
    (463, 414, 286, 258, 257, 259, 260, 467, 359),
)
"""The fold above the upper eyelids."""
BROWS_LOWER: tuple[tuple[int, ...], ...] = (
    (46, 53, 52, 65, 55),
    (285, 295, 282, 283, 276),
)
"""Lower edges of the eyebrows, from the picture's left to its right."""

CHEEKS: tuple[tuple[int, ...], ...] = ((50, 205, 187, 117, 118, 101), (280, 425, 411, 346, 347, 330))
"""Patches of plain skin below the eyes."""
PHILTRUM = (164, 167, 393, 165, 391)
"""Between the nose and the upper lip."""
NOSE_BASE = (2, 97, 326)
