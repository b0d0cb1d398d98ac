/**
 * A view of a buffer that reads words of 32 bits at any place, which is twice as fast as four bytes. The
 * last two are remembered: commands come from the same buffer again and again.
 */
export function viewOf(bytes: Uint8Array): DataView {
  if (bytes === lastBytes) return lastView;
  return otherView(bytes);
}

function otherView(bytes: Uint8Array): DataView {
  const view =
    bytes === olderBytes ? olderView : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  olderBytes = lastBytes;
  olderView = lastView;
  lastBytes = bytes;
  lastView = view;
  return view;
}

/**
 * Up to here words are faster than a native copy, which has to be told its range by an object of its own.
 * Measured in ns (Node.js 20, x64), one copy of so many bytes:
 *
 *     bytes   one word a turn   four words a turn   set(subarray)   copy   set(new Uint8Array)
 *        64                42                  21              59     56                    52
 *       128                79                  39              60     57                    54
 *       256               164                  67              62     59                    56
 *      1024               642                 261              79     76                    71
 *
 * Words of 64 bits would be faster still. But as doubles they may come out as others, where they mean no number,
 * and as BigInts each of them is an object.
 */
const wordCopyBytesMax = 192;

/** Copies a range between two buffers; each comes with its view. */
export function copyRange(
  from: Uint8Array,
  fromView: DataView,
  start: number,
  end: number,
  to: Uint8Array,
  toView: DataView,
  at: number,
): void {
  if (end - start > wordCopyBytesMax) {
    to.set(new Uint8Array(from.buffer, from.byteOffset + start, end - start), at);
    return;
  }
  let target = at;
  let i = start;
  for (const whole = end - 15; i < whole; i += 16, target += 16) {
    toView.setInt32(target, fromView.getInt32(i, true), true);
    toView.setInt32(target + 4, fromView.getInt32(i + 4, true), true);
    toView.setInt32(target + 8, fromView.getInt32(i + 8, true), true);
    toView.setInt32(target + 12, fromView.getInt32(i + 12, true), true);
  }
  for (const whole = end - 3; i < whole; i += 4, target += 4)
    toView.setInt32(target, fromView.getInt32(i, true), true);
  for (; i < end; i++) toView.setUint8(target++, fromView.getUint8(i));
}

let lastBytes: Uint8Array = new Uint8Array(0);
let lastView: DataView = new DataView(lastBytes.buffer);
let olderBytes: Uint8Array = lastBytes;
let olderView: DataView = lastView;
