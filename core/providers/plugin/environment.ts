/** What a plugin gets to know of our environment: what programs need to work, and what its user has named. */

/** Names, and beginnings of names with `*` behind them. */
const PASSED_ON: readonly string[] = [
  ...["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_*", "TZ", "XDG_*", "SSL_CERT_*"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"],
];
/** Passphrases and tokens are among them. */
const OURS = "COFFER_";

const PATTERN = /^[A-Za-z_][A-Za-z0-9_]*\*?$/;

/** Whether it names a variable, or the beginning of some, that a plugin may be given. */
export function isVariablePattern(text: string): boolean {
  return PATTERN.test(text) && !text.startsWith(OURS);
}

/**
 * @param all every variable that there is
 * @param named what the plugin's user has named
 * @param always what every plugin is given
 */
export function pluginEnvironment(
  all: Readonly<Record<string, string>>,
  named: readonly string[],
  always: readonly string[] = PASSED_ON,
): Record<string, string> {
  const patterns = [...always, ...named];
  const isPassedOn = (name: string) =>
    !name.startsWith(OURS) &&
    patterns.some((pattern) => pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern);
  return Object.fromEntries(Object.entries(all).filter(([name]) => isPassedOn(name)));
}
