import { createServer, type Server } from 'node:http';
import { variablePrefix } from '../configuration/host-config.js';
import { isAddressInUse, PortInUseError } from '../errors/port-in-use-error.js';
import { type HostConfig } from '../service-options.js';

/** Listens on the port of a service until its backends are open. */
export interface ProbeServer {
  /** Why the service is not ready yet. */
  reason: string;
  close(): Promise<void>;
}

/**
 * Answers probes while the backends are connected: live, but not ready, with the reason. Rejects with PortInUseError
 * before anything is opened when another process listens on the service's port.
 */
export async function startProbeServer(name: string, { host, httpPort }: HostConfig): Promise<ProbeServer> {
  const probeServer = {
    reason: 'the backends are being connected',
    close: (): Promise<void> =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  const server: Server = createServer((request, response) => {
    const live = request.url?.startsWith('/health/live') === true;
    response.writeHead(live ? 200 : 503, {
      'content-type': 'application/json',
      connection: 'close',
      ...(live ? {} : { 'retry-after': '1' }),
    });
    response.end(
      JSON.stringify(
        live
          ? { status: 'live' }
          : {
              status: 'not-ready',
              service: name,
              checks: { start: { status: 'not-ready', reason: probeServer.reason } },
            },
      ),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(httpPort, host, resolve);
  }).catch((error: unknown) => {
    throw isAddressInUse(error)
      ? new PortInUseError(httpPort, `${variablePrefix(name)}_HTTP_PORT`, name, error)
      : error;
  });
  return probeServer;
}
