/* Choosing the square of a picture that is shown of it: by dragging it, by the arrow keys, and by a slider that zooms.
The server cuts; this only says where. */

const STEP = 0.02; // of the square, for each press of an arrow
const LARGE_STEP = 0.1;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const croppers = new WeakMap();

/** Show what was picked in `input`, or say beside it why that can't be. */
export function crop(input) {
  if (!croppers.has(input)) croppers.set(input, new Cropper(input.form));
  croppers.get(input).take(input.files[0]);
}

class Cropper {
  #form;
  #element;
  #canvas;
  #zoom;
  #picture = null;
  #left = 0; // of the square, in pixels of the picture
  #top = 0;

  constructor(form) {
    this.#form = form;
    this.#element = form.querySelector(".cropper");
    this.#canvas = form.querySelector("canvas");
    this.#zoom = form.querySelector("[type=range]");
    this.#canvas.addEventListener("pointerdown", (event) => this.#canvas.setPointerCapture(event.pointerId));
    this.#canvas.addEventListener("pointermove", (event) => this.#dragged(event));
    this.#canvas.addEventListener("keydown", (event) => this.#pressed(event));
    this.#zoom.addEventListener("input", () => this.#zoomed());
    this.#zoom.dataset.was = this.#zoom.value;
  }

  async take(file) {
    this.#picture?.close();
    this.#picture = null;
    this.#element.hidden = true;
    this.#say("");
    for (const name of ["x", "y", "side"]) this.#form.elements[name].value = "";
    if (!file) return;
    if (file.size > Number(this.#element.dataset.mostBytes)) return void this.#say("tooLarge");
    const picture = await createImageBitmap(file).catch(() => null);
    if (!picture) return void this.#say("unreadable");
    this.#picture = picture;
    this.#zoom.value = this.#zoom.dataset.was = this.#zoom.min;
    this.#left = (picture.width - this.#side) / 2;
    this.#top = (picture.height - this.#side) / 2;
    this.#element.hidden = false;
    this.#draw();
  }

  get #side() {
    return Math.min(this.#picture.width, this.#picture.height) / Number(this.#zoom.value);
  }

  #dragged({ buttons, movementX, movementY }) {
    if (!buttons) return;
    const scale = this.#side / this.#canvas.clientWidth;
    this.#move(-movementX * scale, -movementY * scale);
  }

  #pressed(event) {
    const way = ARROWS[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const step = this.#side * (event.shiftKey ? LARGE_STEP : STEP);
    this.#move(way[0] * step, way[1] * step);
  }

  /** The middle of the square stays where it is. */
  #zoomed() {
    const before = this.#side * (Number(this.#zoom.value) / Number(this.#zoom.dataset.was));
    this.#zoom.dataset.was = this.#zoom.value;
    this.#move((before - this.#side) / 2, (before - this.#side) / 2);
  }

  #move(right, down) {
    this.#left += right;
    this.#top += down;
    this.#draw();
  }

  #draw() {
    const side = this.#side;
    const room = { x: this.#picture.width - side, y: this.#picture.height - side };
    this.#left = Math.max(0, Math.min(room.x, this.#left));
    this.#top = Math.max(0, Math.min(room.y, this.#top));
    const { width, height } = this.#canvas;
    const context = this.#canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    context.drawImage(this.#picture, this.#left, this.#top, side, side, 0, 0, width, height);
    const share = (part, whole) => (whole ? part / whole : 0.5).toFixed(4);
    this.#form.elements.x.value = share(this.#left, room.x);
    this.#form.elements.y.value = share(this.#top, room.y);
    this.#form.elements.side.value = (1 / Number(this.#zoom.value)).toFixed(4);
  }

  /** The reason of that name, or with "" none; then the file is not sent either. */
  #say(reason) {
    const told = this.#form.querySelector("[data-told]");
    const words = this.#element.dataset[reason] ?? "";
    told.textContent = words;
    this.#form.elements.picture.setCustomValidity(words);
  }
}
