const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

/** True for names and addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return loopbackNames.has(host.toLowerCase()) || /^127(\.\d{1,3}){3}$/.test(host);
}

/** A host as it stands in a URL or a Host header: IPv6 in brackets. */
export function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
