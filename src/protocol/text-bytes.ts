/** Longer texts are written by one native call. */
const loopCharactersMax = 32;

/** Writes a text of single bytes (latin1) at `at`, which has room for it. Returns the bytes written. */
export function writeText(buffer: Buffer, at: number, text: string): number {
  if (text.length > loopCharactersMax) return buffer.write(text, at, "latin1");
  for (let i = 0; i < text.length; i++) buffer[at + i] = text.charCodeAt(i);
  return text.length;
}

/** Writes a whole number in decimal at `at`, which has room for 20 bytes. Returns the byte behind it. */
export function writeNumber(buffer: Buffer, at: number, value: number): number {
  if (value >= 0 && value < 1e9) {
    let small = value | 0;
    if (small < 10) {
      buffer[at] = 48 + small;
      return at + 1;
    }
    let stop = at + 1;
    for (let rest = (small / 10) | 0; rest > 0; rest = (rest / 10) | 0) stop++;
    for (let p = stop - 1; p >= at; p--) {
      const tenth = (small / 10) | 0;
      buffer[p] = 48 + small - tenth * 10;
      small = tenth;
    }
    return stop;
  }
  return at + writeText(buffer, at, value.toFixed(0));
}
