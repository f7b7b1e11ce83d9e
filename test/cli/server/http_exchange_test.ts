import { exchange } from "../../../cli/server/http_exchange.ts";
import { assertFault } from "../../fixture/assert_fault.ts";
import { temporaryFolder } from "../../fixture/temporary_folder.ts";

const REQUEST = { method: "GET", path: "/v1/coffer/owner/status", token: "t" } as const;

Deno.test("exchange() does not wait for ever for a server that was stopped", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/socket`;
  using _listener = Deno.listen({ transport: "unix", path }); // connected to, and never accepted
  using connection = await Deno.connect({ transport: "unix", path });
  await assertFault("UNAVAILABLE", () => exchange(connection, REQUEST, 50));
});
