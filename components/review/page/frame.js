// The frame shown. One is asked for at a time; while it comes, only the latest wish is remembered.
const PIXELS_SHOW = 160; // below this width pixels are shown as squares

export class Frame {
  constructor(image) {
    Object.assign(this, { image, wish: "", asked: "", busy: false });
    image.addEventListener("load", () => { image.classList.toggle("small", image.naturalWidth < PIXELS_SHOW); this.done(); });
    image.addEventListener("error", () => this.done());
  }

  show(number, second, words) {
    this.wish = `frame/${number}/${Math.round(second * 1000)}.jpg`;
    this.image.alt = words;
    if (!this.busy) this.ask();
  }

  ask() {
    if (this.asked === this.wish) return;
    this.busy = true;
    this.asked = this.wish;
    this.image.src = this.wish;
  }

  done() {
    this.busy = false;
    this.ask();
  }
}
