import { buildRouteMap } from "@stricli/core";
import { Fault } from "../../core/fault.ts";
import { isPluginName } from "../../core/config/plugin_key.ts";
import { porterHome } from "../../core/providers/kind.ts";
import { pluginFolders, sha256Of } from "../../core/providers/plugin/location.ts";
import { Project } from "../../core/stack/project.ts";
import { command, type CommonFlags, type Context, toggle } from "../command.ts";
import { download } from "../plugin/download.ts";
import { installFile } from "../plugin/install_file.ts";
import { type InstalledPlugin, installedPlugin, installedPlugins } from "../plugin/installed.ts";
import { installIntoPorter } from "../plugin/into_porter.ts";
import { type Metadata, metadataOf } from "../plugin/metadata.ts";

const list = command({
  brief: "List the plugins that Coffer can use",
  details:
    "Those of $COFFER_HOME/plugins and of Porter. Each is asked for its version; one that does not answer has none.",
  examples: ["plugin list", "plugin list --json"],
  flags: {},
  positional: { kind: "tuple", parameters: [] },
  async run(context) {
    const plugins = await Promise.all(
      installedPlugins(context.host).map(async (plugin) => ({
        ...plugin,
        ...await described(context, plugin),
      })),
    );
    context.report.data(
      plugins,
      () =>
        plugins.map(({ name, version, stores, path }) =>
          [name, version || "-", stores.join(",") || "-", path].join("  ")
        ),
    );
  },
});

const show = command<CommonFlags, [name: string]>({
  brief: "Show a plugin: where it is, what it says of itself, and its SHA-256",
  details: "The SHA-256 pins a store to this very file: `sha256` in the store's config.",
  examples: ["plugin show azure"],
  flags: {},
  positional: { kind: "tuple", parameters: [{ parse: String, brief: "As `plugin list` has it", placeholder: "name" }] },
  async run(context, _flags, name) {
    const plugin = installedPlugin(context.host, name);
    const sha256 = await sha256Of(plugin.path);
    const { version, author, commit, stores } = await described(context, plugin);
    const shown = { ...plugin, version, author, commit, stores, sha256 };
    context.report.data(shown, () => [
      `${name} ${version || "(no version)"}${author ? ` by ${author}` : ""}`,
      `file    ${plugin.path}`,
      `sha256  ${sha256}`,
      ...stores.map((store) => `store   ${name}.${store}`),
    ]);
  },
});

interface InstallFlags extends CommonFlags {
  readonly name?: string;
  readonly url?: string;
  readonly version?: string;
  readonly sha256?: string;
  readonly force: boolean;
}

const install = command<InstallFlags, [source: string]>({
  brief: "Install a plugin from a file, or by its name from where it is published",
  details: "Downloads come from URL/VERSION/NAME-GOOS-GOARCH, as Porter's do, over https.",
  examples: [
    "plugin install ./azure",
    "plugin install ./build/vault-linux-amd64 --force",
    "plugin install azure --url https://cdn.porter.sh/plugins/azure --version v1.2.3",
  ],
  flags: {
    name: {
      kind: "parsed",
      parse: parseName,
      optional: true,
      brief: "Call it this, not as the file",
      placeholder: "name",
    },
    url: { kind: "parsed", parse: String, optional: true, brief: "Where its releases are", placeholder: "url" },
    version: { kind: "parsed", parse: String, optional: true, brief: "The release (latest)", placeholder: "v" },
    sha256: {
      kind: "parsed",
      parse: parseDigest,
      optional: true,
      brief: "What the file has to be",
      placeholder: "hex",
    },
    force: toggle("Replace one that is there"),
  },
  positional: {
    kind: "tuple",
    parameters: [{ parse: String, brief: "A file, or with --url the plugin's name", placeholder: "file|name" }],
  },
  async run({ host, report }, { url, version, sha256: expected, force, ...flags }, source) {
    if (version !== undefined && url === undefined) {
      throw new Fault("USAGE", "--version is for what is downloaded", { hint: "say from where: --url https://…" });
    }
    const name = flags.name ?? parseName(url === undefined ? nameOfFile(source) : source);
    const content = url === undefined ? await open(source) : await download(url, version ?? "latest", source);
    const folder = `${pluginFolders(host)[0]}/${name}`;
    const { path, sha256 } = await installFile(content, folder, name, { force, expected });
    report.data({ name, path, sha256 }, () => [`${sha256}  ${path}`]);
  },
});

interface PorterFlags extends CommonFlags {
  readonly porterHome?: string;
  readonly force: boolean;
}

const intoPorter = command<PorterFlags>({
  brief: "Install Coffer as a secrets plugin of Porter",
  details: "Prints what to write into Porter's config.toml. Porter then keeps what it has to remember in this stack.",
  examples: ["plugin install-into-porter", "plugin install-into-porter --porter-home ~/.porter --stack porter"],
  flags: {
    porterHome: {
      kind: "parsed",
      parse: String,
      optional: true,
      brief: "Instead of $PORTER_HOME",
      placeholder: "folder",
    },
    force: toggle("Replace a program that is not Coffer"),
  },
  positional: { kind: "tuple", parameters: [] },
  async run(context, flags) {
    const { host, report } = context;
    const home = absolute(flags.porterHome ?? porterHome(host), host.cwd);
    const { path } = await installIntoPorter(host, home, flags.force);
    const config = porterConfig(context, flags);
    report.note(`installed ${path}`);
    report.note(`add this to ${home}/config.toml:`);
    report.data({ path, config }, () => config.split("\n"));
  },
});

export const plugin = buildRouteMap<"list" | "show" | "install" | "install-into-porter", Context>({
  routes: { list, show, install, "install-into-porter": intoPorter },
  docs: { brief: "Plugins of Porter's: those that Coffer uses, and Coffer as one" },
});

type Description = Omit<Metadata, "name" | "implementations"> & { readonly stores: readonly string[] };

/** Empty where the plugin does not say; the reason goes to stderr. */
async function described({ report }: Context, { name, path }: InstalledPlugin): Promise<Description> {
  try {
    const { version, commit, author, implementations } = await metadataOf(path);
    const stores = implementations.filter(({ type }) => type === "secrets").map(({ implementation }) => implementation);
    return { version, commit, author, stores };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    report.warning(`could not get version from plugin ${name}: ${error.message}`);
    return { version: "", commit: "", author: "", stores: [] };
  }
}

/** The project is named, because Porter runs a plugin in whatever folder its user is in. */
function porterConfig({ host, workspace }: Context, flags: PorterFlags): string {
  const project = Project.find(host.cwd, workspace.home);
  const isOwn = project?.folder === workspace.home;
  const lines = project
    ? [
      "",
      "[secrets.config]",
      `project = ${JSON.stringify(isOwn ? "/" : project.folder.replace(/\/\.coffer$/, ""))}`,
      `stack = ${JSON.stringify(workspace.stackName(flags, project))}`,
    ]
    : [];
  return ['default-secrets = "coffer"', "", "[[secrets]]", 'name = "coffer"', 'plugin = "coffer.sealed"', ...lines]
    .join("\n");
}

function nameOfFile(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/(?:-(?:linux|darwin|windows)-(?:amd64|arm64))?(?:\.exe)?$/, "");
}

function parseName(text: string): string {
  if (isPluginName(text)) return text;
  throw new Fault("USAGE", `${JSON.stringify(text)} is not a plugin's name`, { hint: "--name azure" });
}

function parseDigest(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new Fault("USAGE", "that is no SHA-256", { hint: "64 hexadecimal digits, as sha256sum prints them" });
}

async function open(path: string): Promise<ReadableStream<Uint8Array>> {
  try {
    return (await Deno.open(path)).readable;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Fault("NOT_FOUND", `there is no file ${path}`, { hint: "to download it: --url https://…" });
  }
}

function absolute(path: string, cwd: string): string {
  return path.startsWith("/") ? path : `${cwd}/${path}`;
}
