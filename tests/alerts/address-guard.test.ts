import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from '@jest/globals';
import { type AddressGuard, createAddressGuard, type LookupAll } from '../../src/alerts/address-guard.js';

const refusing = createAddressGuard({ allowedNetworks: [], isEncrypted: true });
const hostOf = (url: string) => new URL(url).hostname;

const answering = (...answers: readonly (readonly string[])[]): LookupAll => {
  let asked = 0;
  return (_host, _options, done) => {
    const addresses = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    done(
      null,
      addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
};
const lookUp = (guard: AddressGuard, all = false) =>
  new Promise<unknown>((resolve) => {
    guard.lookup('receiver.example', { all }, (error, found) => resolve(error ? error.message : found));
  });

describe('addresses that a webhook must not reach', () => {
  it.each([
    ['https://127.0.0.1/', 'loopback'],
    ['https://127.1/', 'loopback'],
    ['https://2130706433/', 'loopback'],
    ['https://0x7f.1/', 'loopback'],
    ['https://017700000001/', 'loopback'],
    ['https://0.0.0.0/', 'unspecified'],
    ['https://[::1]/', 'loopback'],
    ['https://[::]/', 'unspecified'],
    ['https://[::ffff:127.0.0.1]/', 'loopback'],
    ['https://[::ffff:a9fe:a9fe]/', 'linkLocal'],
    ['https://[64:ff9b::127.0.0.1]/', 'rfc6052'],
    ['https://[2002:7f00:1::]/', '6to4'],
    ['https://169.254.169.254/', 'linkLocal'],
    ['https://[fe80::1]/', 'linkLocal'],
    ['https://[fd00:ec2::254]/', 'uniqueLocal'],
    ['https://10.1.2.3/', 'private'],
    ['https://172.16.0.1/', 'private'],
    ['https://192.168.1.1/', 'private'],
    ['https://100.64.0.1/', 'carrierGradeNat'],
    ['https://224.0.0.1/', 'multicast'],
    ['https://255.255.255.255/', 'broadcast'],
    ['https://8.8.8.8@127.0.0.1/', 'loopback'],
  ])('%s is refused as %s, as a host and behind a name', async (url, range) => {
    const host = hostOf(url);
    expect(refusing.refusalOfHost(host)).toContain(`(${range})`);
    const named = createAddressGuard({
      allowedNetworks: [],
      isEncrypted: true,
      lookup: answering([host.replace(/^\[|\]$/g, '')]),
    });
    expect(await lookUp(named)).toContain(`(${range})`);
    expect(await lookUp(named, true)).toContain(`(${range})`);
  });

  it.each(['https://93.184.215.14/', 'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/', 'https://receiver.example/'])(
    '%s is not refused',
    (url) => {
      expect(refusing.refusalOfHost(hostOf(url))).toBeUndefined();
    },
  );

  it('looks at every address of a name, not at the first', async () => {
    const lookup = answering(['93.184.215.14', '10.0.0.1']);
    expect(await lookUp(createAddressGuard({ allowedNetworks: [], isEncrypted: true, lookup }))).toContain('(private)');
  });

  it('looks again at every connection, so that a name that is bound anew is refused', async () => {
    const lookup = answering(['93.184.215.14'], ['169.254.169.254']);
    const guard = createAddressGuard({ allowedNetworks: [], isEncrypted: true, lookup });
    expect(await lookUp(guard, true)).toEqual([{ address: '93.184.215.14', family: 4 }]);
    expect(await lookUp(guard, true)).toContain('(linkLocal)');
  });

  it('lets networks through that the operator allows, and no others', () => {
    const guard = createAddressGuard({ allowedNetworks: ['10.0.0.0/8', 'fd00::/8'], isEncrypted: true });
    expect(guard.refusalOfHost('10.200.0.1')).toBeUndefined();
    expect(guard.refusalOfHost('[::ffff:10.200.0.1]')).toBeUndefined();
    expect(guard.refusalOfHost('[fd12::1]')).toBeUndefined();
    expect(guard.refusalOfHost('192.168.0.1')).toContain('(private)');
  });

  it('uses no plain HTTP outside of the allowed networks', async () => {
    const guard = createAddressGuard({
      allowedNetworks: ['10.0.0.0/8'],
      isEncrypted: false,
      lookup: answering(['93.184.215.14']),
    });
    expect(guard.refusalOfHost('10.0.0.1')).toBeUndefined();
    expect(await lookUp(guard)).toContain('Without TLS');
  });

  it('hands on that a name is not known', async () => {
    const lookup: LookupAll = (_host, _options, done) => done(new Error('ENOTFOUND'), []);
    expect(await lookUp(createAddressGuard({ allowedNetworks: [], isEncrypted: true, lookup }))).toBe('ENOTFOUND');
    const empty = createAddressGuard({ allowedNetworks: [], isEncrypted: true, lookup: answering([]) });
    expect(await lookUp(empty)).toBe('It has no address.');
  });
});
