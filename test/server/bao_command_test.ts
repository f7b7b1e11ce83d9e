/** OpenBao's own command line, as somebody uses it who has never heard of Coffer. */
import { strict as assert } from "node:assert";
import { openBao } from "../fixture/openbao.ts";
import { temporaryFolder } from "../fixture/temporary_folder.ts";
import { LOOPBACK, Served } from "./served.ts";

const { path: bao, lacking } = await openBao();

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A server with a port, and the command line to talk to it. */
class CommandLine implements AsyncDisposable {
  readonly #home = temporaryFolder();
  readonly served: Served;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(served: Served) {
    this.served = served;
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => served.app(request, LOOPBACK));
  }

  async run(args: readonly string[], token: string = this.served.root, input = ""): Promise<Ended> {
    const child = new Deno.Command(bao!, {
      args: [...args],
      env: { HOME: this.#home.path, BAO_ADDR: `http://127.0.0.1:${this.#server.addr.port}`, BAO_TOKEN: token },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  }

  /** What it prints; it must succeed, and without a warning. */
  async prints(args: readonly string[], token?: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, token, input);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    return stdout.trim();
  }

  /** Its flags come before the path. */
  async json(command: readonly string[], ...path: readonly string[]) {
    return JSON.parse(await this.prints([...command, "-format=json", ...path]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
    this.served[Symbol.dispose]();
    this.#home[Symbol.dispose]();
  }
}

function withCommandLine(name: string, steps: (line: CommandLine) => Promise<void>): void {
  Deno.test({
    name: `${name}${lacking ? ` (ignored: ${lacking})` : ""}`,
    ignore: lacking !== undefined,
    async fn() {
      await using line = new CommandLine(await Served.start({ dev: { plain: "text" } }));
      await steps(line);
    },
  });
}

withCommandLine("bao kv: put, get, patch, list, rollback, delete, undelete, destroy, metadata", async (line) => {
  await line.prints(["kv", "put", "dev/team/db", "user=ada", "password=hunter2"]);
  assert.equal(await line.prints(["kv", "get", "-field=password", "dev/team/db"]), "hunter2");
  assert.equal(await line.prints(["kv", "get", "-field=value", "dev/plain"]), "text");
  await line.prints(["kv", "patch", "dev/team/db", "user=bob"]);
  assert.deepEqual((await line.json(["kv", "get"], "dev/team/db")).data.data, { user: "bob", password: "hunter2" });
  assert.deepEqual(await line.json(["kv", "list"], "dev"), ["plain", "team/"]);
  await line.prints(["kv", "rollback", "-version=1", "dev/team/db"]);
  assert.equal(await line.prints(["kv", "get", "-field=user", "dev/team/db"]), "ada");
  const stale = await line.run(["kv", "put", "-cas=1", "dev/team/db", "user=eve"]);
  assert.deepEqual([stale.code, /check-and-set/.test(stale.stderr)], [2, true]);
  await line.prints(["kv", "delete", "dev/team/db"]);
  assert.notEqual((await line.run(["kv", "get", "-field=user", "dev/team/db"])).code, 0);
  await line.prints(["kv", "undelete", "-versions=3", "dev/team/db"]);
  await line.prints(["kv", "destroy", "-versions=1,2", "dev/team/db"]);
  await line.prints(["kv", "metadata", "put", "-custom-metadata=owner=me", "dev/team/db"]);
  const { data } = await line.json(["kv", "metadata", "get"], "dev/team/db");
  assert.deepEqual([data.current_version, data.versions[1].destroyed, data.custom_metadata], [3, true, {
    owner: "me",
  }]);
  await line.prints(["kv", "metadata", "delete", "dev/team/db"]);
  assert.equal((await line.run(["kv", "get", "dev/team/db"])).code, 2);
  assert.match((await line.run(["kv", "get", "nothing/db"])).stderr, /preflight/);
});

withCommandLine("bao policy, token, unwrap, secrets, operator seal, status", async (line) => {
  await line.prints(["policy", "write", "reader", "-"], undefined, 'path "dev/data/plain" { capabilities = ["read"] }');
  const token = await line.prints(["token", "create", "-policy=reader", "-ttl=1h", "-field=token"]);
  assert.equal(await line.prints(["kv", "get", "-field=value", "dev/plain"], token), "text");
  assert.equal((await line.run(["kv", "put", "dev/plain", "a=b"], token)).code, 2);
  assert.equal(await line.prints(["token", "capabilities", token, "dev/data/plain"]), "read");
  await line.prints(["token", "renew"], token);
  await line.prints(["token", "revoke", "-self"], token);
  assert.equal((await line.run(["token", "lookup"], token)).code, 2);
  const wrapped = await line.prints(["read", "-wrap-ttl=60s", "-field=wrapping_token", "dev/data/plain"]);
  assert.match(await line.prints(["unwrap"], wrapped), /text/);
  assert.equal((await line.run(["unwrap"], wrapped)).code, 2);
  assert.deepEqual(Object.keys(await line.json(["secrets", "list"])), ["dev/"]);
  assert.equal((await line.run(["status"])).code, 0);
  await line.prints(["operator", "seal"]);
  assert.equal((await line.run(["status"])).code, 2);
  assert.match((await line.run(["kv", "get", "dev/plain"])).stderr, /Vault is sealed/);
});
