import assert from "node:assert/strict";
import { ownCertificate } from "../../cli/server/certificate.ts";
import { serverLocation } from "../../cli/server/location.ts";
import { temporaryFolder } from "../fixture/temporary_folder.ts";

const NAMES = ["127.0.0.1", "localhost"];
const DAY_MS = 86_400_000;

Deno.test("a server's own certificate is made anew in its last half year, and not before", async () => {
  using home = temporaryFolder();
  const location = serverLocation(home.path);
  Deno.mkdirSync(location.folder, { mode: 0o700 });
  const start = new Date();
  const after = (days: number) => ownCertificate(location, NAMES, new Date(start.getTime() + days * DAY_MS));
  const first = await after(0);
  assert.equal((await after(549)).cert, first.cert);
  const second = await after(551);
  assert.notEqual(second.cert, first.cert);
  assert.notEqual(second.sha256, first.sha256);
  assert.equal((await after(552)).cert, second.cert);
  // A clock that was wrong, and was set back.
  assert.notEqual((await after(0)).cert, second.cert);
});
