/** Waits in real time for what other threads and processes do; generous, because the machine may be busy. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error('It did not happen in time.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The first thing that `find` finds, waited for like `until`. */
export async function untilFound<Value>(
  find: () => Promise<Value | undefined>,
  what: string,
  limitMs = 20_000,
): Promise<Value> {
  const endMs = performance.now() + limitMs;
  while (performance.now() < endMs) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`did not happen: ${what}`);
}
