// @ts-check
// What Khronos' validator finds in glTF files. As a program: `node validate-glb.js FILE…` prints it, and exits with 1
// when a file has errors or warnings.

import { readFile } from "node:fs/promises";
import { argv, exit } from "node:process";
import { fileURLToPath } from "node:url";
// @ts-expect-error the package has no types
import validator from "gltf-validator";

/**
 * The messages of errors and warnings about one file.
 * @param {string | URL} path
 * @returns {Promise<string[]>}
 */
export async function problemsOf(path) {
  const report = await validator.validateBytes(new Uint8Array(await readFile(path)));
  /** @type {{ severity: number, code: string, pointer: string, message: string }[]} */
  const messages = report.issues.messages;
  return messages
    .filter(({ severity }) => severity < 2)
    .map(({ code, pointer, message }) => `${code} ${pointer}: ${message}`);
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const problems = (await Promise.all(argv.slice(2).map(problemsOf))).flat();
  for (const problem of problems) console.log(problem);
  exit(problems.length ? 1 : 0);
}
