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

/** Up to here words are faster than a native copy, whose call costs as much as 96 bytes. */
const wordCopyBytesMax = 96;

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
    to.set(from.subarray(start, end), at);
    return;
  }
  let target = at;
  let i = start;
  for (const whole = end - 3; i < whole; i += 4, target += 4)
    toView.setInt32(target, fromView.getInt32(i, true), true);
  for (; i < end; i++) toView.setUint8(target++, fromView.getUint8(i));
}

let lastBytes: Uint8Array = new Uint8Array(0);
let lastView: DataView = new DataView(lastBytes.buffer);
let olderBytes: Uint8Array = lastBytes;
let olderView: DataView = lastView;
