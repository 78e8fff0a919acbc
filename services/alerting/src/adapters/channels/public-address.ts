import { BlockList, isIP } from 'node:net';
import { AppError } from '@headrace/kernel';

export class AddressNotPublicError extends AppError {
  readonly code = 'ALERTING_ADDRESS_NOT_PUBLIC';
  readonly kind = 'forbidden';

  constructor(host: string, address: string) {
    super(
      `${host} resolves to ${address}, which is not a public address; set ALERTING_ALLOW_PRIVATE_TARGETS=true to allow it`,
    );
  }
}

const reserved = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  reserved.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  reserved.addSubnet(network, prefix, 'ipv6');
}

/** Throws for addresses of this host, of private networks and of other reserved ranges (RFC 6890). */
export function requirePublicAddress(host: string, address: string): void {
  const version = isIP(address);
  if (version === 0 || reserved.check(address, version === 4 ? 'ipv4' : 'ipv6')) {
    throw new AddressNotPublicError(host, address);
  }
}
