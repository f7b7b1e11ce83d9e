import assert from "node:assert/strict";
import { type Coffer, endToEnd } from "../fixture/coffer_cli.ts";
import { releaseName } from "../../cli/plugin/download.ts";

const METADATA = {
  name: "azure",
  version: "v1.2.3",
  commit: "abc",
  author: "Porter Authors",
  implementations: [
    { type: "secrets", implementation: "keyvault" },
    { type: "storage", implementation: "table" },
  ],
};

/** A plugin that can only say what it is: as a shell script. */
function answering(text: string): string {
  return `#!/bin/sh\n[ "$1 $2 $3" = 'version --output json' ] || exit 9\n${text}\n`;
}

const SAYS = answering(`echo '${JSON.stringify(METADATA)}'`);

function sha256Of(path: string): Promise<string> {
  return crypto.subtle.digest("SHA-256", Deno.readFileSync(path)).then((hash) => new Uint8Array(hash).toHex());
}

interface Listed {
  readonly name: string;
  readonly version: string;
  readonly stores: readonly string[];
  readonly path: string;
  readonly of: string;
}

endToEnd("plugins of Coffer's and of Porter's are listed with what they say of themselves", async (coffer) => {
  assert.deepEqual(await coffer.json(["plugin", "list"]), []);
  const own = coffer.file(`${coffer.home}/.coffer/plugins/azure/azure`, SAYS, 0o755);
  const porters = coffer.file(`${coffer.home}/.porter/plugins/azure/azure`, SAYS, 0o755);
  coffer.file(`${coffer.home}/.porter/plugins/cache.json`, "{}");
  const listed = await coffer.json(["plugin", "list"]) as Listed[];
  assert.deepEqual(listed.map(({ name, path, of }) => [name, path, of]), [
    ["azure", own, "coffer"],
    ["azure", porters, "porter"],
  ]);
  assert.deepEqual([listed[0]!.version, listed[0]!.stores], ["v1.2.3", ["keyvault"]]);
  assert.match(await coffer.ok(["plugin", "list"]), /^azure {2}v1\.2\.3 {2}keyvault {2}\//);
  const shown = await coffer.json(["plugin", "show", "azure"]) as Listed & { sha256: string };
  assert.deepEqual([shown.path, shown.sha256], [own, await sha256Of(own)]);
  await coffer.fault("NOT_FOUND", ["plugin", "show", "none"]);
});

endToEnd("a plugin that does not say what it is has an empty row, and the reason on stderr", async (coffer) => {
  const wrong = {
    hangs: answering("sleep 60"),
    lies: answering("echo '{\"name\": 7}'"),
    noise: answering("echo starting; echo '{}'"),
    fails: answering("exit 3"),
    floods: answering("exec cat /dev/zero"),
    nothing: "no program",
    open: answering(`touch '${coffer.root}/ran'; echo '${JSON.stringify(METADATA)}'`),
  };
  for (const [name, text] of Object.entries(wrong)) {
    const path = coffer.file(`${coffer.home}/.porter/plugins/${name}/${name}`, text);
    Deno.chmodSync(path, name === "open" ? 0o777 : 0o755); // of one that everybody may change, nobody knows what it is
  }
  const { code, text, stderr } = await coffer.run(["plugin", "list", "--json"]);
  assert.equal(code, 0);
  const listed = JSON.parse(text) as Listed[];
  assert.deepEqual(
    listed.map(({ name, version }) => [name, version]),
    Object.keys(wrong).sort().map((name) => [name, ""]),
  );
  const reasons = stderr.trim().split("\n").map((line) => JSON.parse(line).warning as string);
  assert.equal(new Set(reasons.map((reason) => reason.replace(/^.*?: /, ""))).size, Object.keys(wrong).length);
  assert.throws(() => Deno.statSync(`${coffer.root}/ran`), Deno.errors.NotFound);
}, { targets: ["bundle"] });

endToEnd(
  "a plugin is installed from a file, whole and closed to others, and replaces none by accident",
  async (coffer) => {
    const file = coffer.file("downloads/azure-linux-amd64", SAYS, 0o644);
    const installed = await coffer.json(["plugin", "install", file]) as { name: string; path: string; sha256: string };
    assert.deepEqual(installed, {
      name: "azure",
      path: `${coffer.home}/.coffer/plugins/azure/azure`,
      sha256: await sha256Of(file),
    });
    const modes = ["azure/azure", "azure"].map((path) =>
      Deno.statSync(`${coffer.home}/.coffer/plugins/${path}`).mode! & 0o777
    );
    assert.deepEqual(modes, [0o755, 0o700]);
    const other = coffer.file("other", answering("exit 1"));
    await coffer.fault("CONFLICT", ["plugin", "install", other, "--name", "azure"]);
    await coffer.fault("DENIED", [
      "plugin",
      "install",
      other,
      "--name",
      "azure",
      "--force",
      "--sha256",
      "0".repeat(64),
    ]);
    assert.equal(await sha256Of(installed.path), installed.sha256);
    await coffer.ok(["plugin", "install", other, "--name", "azure", "--force", "--sha256", await sha256Of(other)]);
    assert.equal(await sha256Of(installed.path), await sha256Of(other));
    assert.deepEqual([...Deno.readDirSync(`${coffer.home}/.coffer/plugins/azure`)].map(({ name }) => name), ["azure"]);
    await coffer.fault("NOT_FOUND", ["plugin", "install", "none"]);
    await coffer.fault("DENIED", ["plugin", "install", other, "--sha256", "0".repeat(64)]);
    assert.deepEqual([...Deno.readDirSync(`${coffer.home}/.coffer/plugins`)].map(({ name }) => name), ["azure"]);
    await coffer.fault("USAGE", ["plugin", "install", file, "--name", "../azure"]);
    await coffer.fault("USAGE", ["plugin", "install", file, "--version", "v1"]);
  },
);

endToEnd(
  "a plugin is downloaded from where Porter's are, and over nothing that others can write to",
  async (coffer) => {
    const requested: string[] = [];
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { pathname } = new URL(request.url);
      requested.push(pathname);
      if (pathname.startsWith("/away")) return Response.redirect("http://plugins.example/x");
      if (pathname.startsWith("/moved/v1")) {
        return Response.redirect(new URL(`/plugins${pathname.slice(6)}`, request.url));
      }
      if (pathname.startsWith("/nowhere")) {
        return new Response(null, { status: 302, headers: { Location: "http://[::x" } });
      }
      if (pathname.startsWith("/broken")) {
        return new Response(new Blob([SAYS]).stream(), { headers: { "Content-Length": "1000000" } });
      }
      if (pathname.startsWith("/round")) return Response.redirect(request.url);
      if (!pathname.startsWith("/plugins/")) return new Response("none", { status: 404 });
      return new Response(SAYS);
    });
    const base = `http://127.0.0.1:${server.addr.port}`;
    await coffer.ok(["plugin", "install", "azure", "--url", `${base}/plugins/`]);
    await coffer.ok(["plugin", "install", "azure", "--url", `${base}/moved`, "--version", "v1.2.3", "--force"]);
    assert.deepEqual(requested, [
      `/plugins/latest/${releaseName("azure")}`,
      `/moved/v1.2.3/${releaseName("azure")}`,
      `/plugins/v1.2.3/${releaseName("azure")}`,
    ]);
    assert.match(releaseName("azure"), /^azure-(linux|darwin)-(amd64|arm64)$/);
    const install = (
      url: string,
      ...more: string[]
    ) => ["plugin", "install", "azure", "--force", "--url", url, ...more];
    await coffer.fault("NOT_FOUND", install(`${base}/none`));
    await coffer.fault("USAGE", install(`${base}/away`));
    await coffer.fault("USAGE", install("http://plugins.example"));
    await coffer.fault("USAGE", install("ftp://127.0.0.1"));
    await coffer.fault("USAGE", install("no address"));
    await coffer.fault("UNAVAILABLE", install(`${base}/round`));
    await coffer.fault("UNAVAILABLE", install(`${base}/nowhere`));
    const { message } = await coffer.fault("UNAVAILABLE", install(`${base}/broken`));
    assert.match(message, /^the download from 127\.0\.0\.1:\d+ broke off$/);
    await coffer.fault("UNAVAILABLE", install("http://127.0.0.1:1"));
    await coffer.fault("DENIED", install(`${base}/plugins`, "--sha256", "0".repeat(64)));
  },
  { targets: ["bundle"] },
);

endToEnd(
  "Coffer puts itself where Porter finds it, answers as Porter asks, and replaces no other program",
  async (coffer) => {
    await coffer.given({ a: "value" });
    const { path, config } = await coffer.json(["plugin", "install-into-porter"]) as { path: string; config: string };
    assert.equal(path, `${coffer.home}/.porter/plugins/coffer/coffer`);
    for (const line of ['default-secrets = "coffer"', 'plugin = "coffer.sealed"', `project = "${coffer.project}"`]) {
      assert.ok(config.split("\n").includes(line), line);
    }
    const metadata = JSON.parse(await started(coffer, path, ["version", "--output", "json"]));
    assert.ok(metadata.name === "coffer" && metadata.version);
    const stores = metadata.implementations.map(({ type, implementation }: Record<string, string>) =>
      `${type}.${implementation}`
    );
    for (const store of ["secrets.sealed", "secrets.host", "secrets.filesystem"]) {
      assert.ok(
        stores.includes(store),
        store,
      );
    }
    await coffer.ok(["plugin", "install-into-porter"]); // over itself

    const elsewhere = `${coffer.root}/porter`;
    coffer.file(`${elsewhere}/plugins/coffer/coffer`, SAYS, 0o755);
    await coffer.fault("CONFLICT", ["plugin", "install-into-porter", "--porter-home", elsewhere]);
    const forced = await coffer.ok(["plugin", "install-into-porter", "--porter-home", elsewhere, "--force"]);
    assert.match(forced, /^default-secrets/);
    assert.match(await started(coffer, `${elsewhere}/plugins/coffer/coffer`, ["version"]), /^coffer v/);
  },
);

async function started(coffer: Coffer, path: string, args: string[]): Promise<string> {
  const { code, stdout } = await new Deno.Command(path, {
    args,
    env: coffer.environment(),
    clearEnv: true,
    cwd: coffer.root,
    stderr: "null",
  }).output();
  assert.equal(code, 0);
  return new TextDecoder().decode(stdout);
}
