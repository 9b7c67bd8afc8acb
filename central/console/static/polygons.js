// Small geometry of the drawing pages: places in shares of the picture.
// How large a handle is on the drawing, whatever the screen's width: for a mouse, or for a finger.
const HANDLE_PX = matchMedia("(pointer: coarse)").matches ? 14 : 9;
export const handleSize = (sheet) => HANDLE_PX * sheet.viewBox.baseVal.width / Math.max(sheet.clientWidth, 1);

// Gives the drawing the picture's proportions; false while the picture has not come.
export function fitTo(picture, sheet) {
  if (!picture?.naturalWidth) return false;
  sheet.setAttribute("viewBox", `0 0 1600 ${Math.round(1600 * picture.naturalHeight / picture.naturalWidth)}`);
  return true;
}

const within = (value) => Math.min(1, Math.max(0, value));

export const corner = (x, y) => [within(x), within(y)];

export const middle = ([ax, ay], [bx, by]) => [(ax + bx) / 2, (ay + by) / 2];

export const moved = ([x, y], [right, down], by) => corner(x + right * by, y + down * by);

// A square about a place (the middle of the picture unless given): something to begin with by keyboard.
export function ring([x, y] = [0.5, 0.5]) {
  const cx = Math.min(0.85, Math.max(0.15, x)), cy = Math.min(0.8, Math.max(0.2, y));
  return [[cx - 0.15, cy - 0.2], [cx + 0.15, cy - 0.2], [cx + 0.15, cy + 0.2], [cx - 0.15, cy + 0.2]];
}
