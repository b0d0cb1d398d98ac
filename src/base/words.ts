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

let lastBytes: Uint8Array = new Uint8Array(0);
let lastView: DataView = new DataView(lastBytes.buffer);
let olderBytes: Uint8Array = lastBytes;
let olderView: DataView = lastView;
