/** Where a server of this user is: one folder, 0700, in the user's own. */

/** What `sun_path` of unix(7) holds, with its NUL byte; macOS has four less. */
const LONGEST_SOCKET_PATH = 103;

export interface ServerLocation {
  readonly folder: string;
  /** The socket, 0600. */
  readonly socket: string;
  /** The owner's token, 0600: it may do everything, and is another each time the server starts. */
  readonly tokenFile: string;
  /** Tokens' hashes, policies, and the server's id, 0600. */
  readonly stateFile: string;
  /** Its own certificate, where it listens with TLS and was given none, and the key of that; both 0600. */
  readonly certificateFile: string;
  readonly certificateKeyFile: string;
}

/** @param home `$COFFER_HOME`, absolute */
export function serverLocation(home: string): ServerLocation {
  const folder = `${home}/server`;
  return {
    folder,
    socket: `${folder}/socket`,
    tokenFile: `${folder}/token`,
    stateFile: `${folder}/state.json`,
    certificateFile: `${folder}/tls-cert.pem`,
    certificateKeyFile: `${folder}/tls-key.pem`,
  };
}

export function fitsSocketPath(path: string): boolean {
  return new TextEncoder().encode(path).length <= LONGEST_SOCKET_PATH;
}
