export { eventually } from './eventually.js';
export { FakeClock } from './fake-clock.js';
export { freePort } from './free-port.js';
export { describeWithServers, type ServerName } from './describe-with-servers.js';
export { temporaryDirectory } from './temporary-directory.js';
