// Two years of night light over each other. What comes from data is put in as text and as coordinates, never as markup.

const STATES = new WeakMap();
const FONT = "'Noto Sans Thai', 'Noto Sans', sans-serif";
const NIGHT = '#0b1114';

const up = (latitude) => Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360));

class Swipe {
  constructor(root) {
    this.root = root;
    this.$ = (selector) => root.querySelector(selector);
    this.at = 50;
    this.shapes = [];
    this.links = [];
    this.view = this.$('.view');
    this.range = this.$('input');
    const moved = (event) => {
      const box = this.view.getBoundingClientRect();
      this.place(((event.clientX - box.left) / box.width) * 100);
    };
    this.view.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.dragging = event.pointerId;
      this.view.setPointerCapture(event.pointerId);
      this.range.focus({ preventScroll: true });
      moved(event);
    });
    this.view.addEventListener('pointermove', (event) => {
      if (this.dragging === event.pointerId) moved(event);
    });
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      this.view.addEventListener(end, () => { this.dragging = null; });
    }
    this.range.addEventListener('input', () => this.place(Number(this.range.value)));
    for (const image of [this.$('.before'), this.$('.after')]) {
      image.addEventListener('error', () => this.fault(this.data.words.no_picture));
      image.addEventListener('load', () => this.fault(''));
    }
    this.$('.save button').addEventListener('click', () => this.save());
    this.watcher = new ResizeObserver(() => this.name());
    this.watcher.observe(this.view);
  }

  // Everything drawn from `data`; called again at every change of it.
  show(data) {
    const before = this.data;
    this.data = data;
    const { words } = data;
    const [west, south, east, north] = data.bounds;
    this.tall = (up(north) - up(south)) / (((east - west) * Math.PI) / 180);
    this.view.style.setProperty('--shape', String(1 / this.tall));
    this.view.style.setProperty('--most', `${data.most}px`);
    this.$('.swipe').setAttribute('aria-label', words.title);
    data.sides.forEach((side, i) => {
      const image = this.$(i ? '.after' : '.before');
      if (image.getAttribute('src') !== side.url) image.src = side.url;
      image.alt = side.alt;
      const label = this.$(i ? '.right' : '.left');
      label.textContent = side.year;
      if (side.period) {
        const small = document.createElement('small');
        small.textContent = side.period;
        label.append(small);
      }
    });
    this.$('.flag').textContent = data.flag;
    this.$('.legend-title').textContent = words.legend;
    this.$('.dark-text').textContent = words.dark;
    this.$('.none-text').textContent = words.none;
    this.$('.save button').textContent = words.save;
    this.range.setAttribute('aria-label', words.handle);
    this.$('.notes').replaceChildren(...data.notes.map((note) => {
      const item = document.createElement('li');
      item.textContent = note;
      return item;
    }));
    this.ramp();
    this.place(this.at);
    if (!before || JSON.stringify(before) !== JSON.stringify(data)) this.forget();
    const lines = JSON.stringify([data.lines, data.own, data.bounds]);
    if (this.lines !== lines) {
      this.lines = lines;
      this.fetch(data);
    } else this.name();
  }

  place(share) {
    this.at = Math.min(100, Math.max(0, share));
    this.view.style.setProperty('--at', `${this.at}%`);
    const whole = Math.round(this.at);
    if (Number(this.range.value) !== whole) this.range.value = String(whole);
    const [before, after] = this.data.sides;
    this.range.setAttribute('aria-valuetext', `${before.year} ${whole}%, ${after.year} ${100 - whole}%`);
  }

  ramp() {
    const context = this.$('.ramp canvas').getContext('2d');
    paint(context, this.data.colours, 0, 0, 508, 1);
    this.$('.stops').replaceChildren(...this.data.stops.map(([where, text]) => {
      const stop = document.createElement('span');
      stop.style.left = `${where * 100}%`;
      stop.textContent = text;
      return stop;
    }));
  }

  fault(text) {
    const place = this.$('.fault');
    place.textContent = text;
    place.hidden = !text;
  }

  // Outlines and names come from the same layer file that the maps use.
  async fetch(data) {
    this.shapes = [];
    this.draw();
    if (!data.lines) return;
    try {
      const answer = await fetch(data.lines);
      if (!answer.ok) throw new Error(String(answer.status));
      const { features } = await answer.json();
      if (this.lines !== JSON.stringify([data.lines, data.own, data.bounds])) return;
      this.shapes = features.map((feature) => shapeOf(feature, data.bounds, this.tall))
        .filter((shape) => shape && shape.x1 > 0 && shape.x0 < 1000 && shape.y1 > 0 && shape.y0 < 1000 * this.tall);
    } catch {
      this.fault(data.words.no_lines);
    }
    this.draw();
  }

  draw() {
    const { own } = this.data;
    this.$('.lines').setAttribute('viewBox', `0 0 1000 ${1000 * this.tall}`);
    this.paths = [
      this.shapes.map((shape) => shape.path).join(''),
      this.shapes.filter((shape) => own && shape.code === own).map((shape) => shape.path).join(''),
    ];
    for (const kind of ['.under', '.all']) this.$(`.lines ${kind}`).setAttribute('d', this.paths[0]);
    this.$('.lines .own').setAttribute('d', this.paths[1]);
    this.name();
  }

  name() {
    if (!this.data) return;
    const box = this.view.getBoundingClientRect();
    // Where the handle starts, wherever it stands now: names do not move with it.
    const knob = this.$('.bar i');
    const [x0, y0] = [(box.width - knob.offsetWidth) / 2, (box.height - knob.offsetHeight) / 2];
    const handle = [x0, y0, x0 + knob.offsetWidth, y0 + knob.offsetHeight];
    const spans = this.places(box.width, box.height, 12, [this.$('.left'), this.$('.right')].map((label) => {
      const taken = label.getBoundingClientRect();
      return [taken.left - box.left, taken.top - box.top, taken.right - box.left, taken.bottom - box.top];
    }), handle).map(([text, x, y]) => {
      const span = document.createElement('span');
      span.textContent = text;
      span.style.left = `${(x / box.width) * 100}%`;
      span.style.top = `${(y / box.height) * 100}%`;
      return span;
    });
    this.$('.names').replaceChildren(...spans);
  }

  // The capital and the seats of provinces and districts first, then the largest, wherever there is room: [text, x, y] in pixels.
  // A name the handle would cover goes above it: it may be the only one.
  places(width, height, size, taken, handle = [0, 0, 0, 0]) {
    const measure = document.createElement('canvas').getContext('2d');
    measure.font = `${size}px ${FONT}`;
    const found = [];
    const order = [...this.shapes].sort((a, b) => (b.first - a.first) || (b.size - a.size));
    for (const shape of order) {
      const text = this.data.language === 'th' ? shape.name_th : shape.name_en;
      const half = measure.measureText(text).width / 2 + 2;
      const x = (shape.x / 1000) * width;
      let y = (shape.y / (1000 * this.tall)) * height;
      const tall = size * 0.8;
      if (handle[0] < x + half && handle[2] > x - half && handle[1] < y + tall && handle[3] > y - tall) y = handle[1] - tall - 2;
      const box = [x - half, y - tall, x + half, y + tall];
      if (box[0] < 0 || box[1] < 0 || box[2] > width || box[3] > height - (this.data.flag ? size * 2.2 : 0)) continue;
      if (taken.some((t) => t[0] < box[2] && t[2] > box[0] && t[1] < box[3] && t[3] > box[1])) continue;
      taken.push(box);
      found.push([text, x, y]);
      if (found.length >= 24) break;
    }
    return found;
  }

  forget() {
    for (const link of this.links) URL.revokeObjectURL(link.href);
    this.links = [];
    this.$('.made').replaceChildren();
  }

  async save() {
    const button = this.$('.save button');
    const { data } = this;
    button.disabled = true;
    this.forget();
    try {
      const texts = [data.words.title, ...data.notes, ...data.sides.map((side) => side.product)].join('');
      await Promise.all([400, 700].map((weight) => document.fonts.load(`${weight} 20px 'Noto Sans Thai'`, texts)));
      for (const [i, side] of data.sides.entries()) {
        const blob = await this.sheet(side, this.$(i ? '.after' : '.before'));
        if (this.data !== data) return;
        const link = document.createElement('a');
        link.href = URL.createObjectURL(blob);
        link.download = side.file;
        link.textContent = side.file;
        this.links.push(link);
      }
      // The links stay: a browser may ask before it saves a second file, and may be told no.
      this.$('.made').replaceChildren(data.words.saved, ' ', ...this.links);
      for (const link of this.links) link.click();
    } catch (error) {
      this.fault(`${data.words.no_save} (${error.message})`);
    } finally {
      button.disabled = false;
    }
  }

  // One year as a picture that stands by itself: title, place, year, period, product, legend, flag, notes.
  async sheet(side, image) {
    if (!image.complete || !image.naturalWidth) throw new Error(this.data.words.no_picture);
    const { data } = this;
    const edge = 40;
    const high = Math.min(1500, Math.max(900, image.naturalHeight));
    const wide = Math.round(high / this.tall);
    const width = Math.max(900, wide + 2 * edge);
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d');
    const lines = (text, size, weight = 400) => {
      context.font = `${weight} ${size}px ${FONT}`;
      return wrapped(context, text, width - 2 * edge, data.language).map((line) => [line, size, weight]);
    };
    const head = [
      ...lines(data.words.title, 34, 700),
      ...lines([side.year_long, side.period].filter(Boolean).join(' · '), 26, 600),
    ];
    const flag = side.flag ? lines(side.flag, 24, 700) : [];
    const foot = [side.product, data.words.same_scale, ...data.notes].filter(Boolean).flatMap((note) => lines(note, 20));
    const sum = (rows) => rows.reduce((total, [, size]) => total + size * 1.5, 0);
    const top = edge + sum(head) + (flag.length ? sum(flag) + 24 : 0) + 16;
    const height = Math.round(top + high + 130 + 60 + sum(foot) + edge);
    canvas.width = width;
    canvas.height = height;
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, height);
    context.textBaseline = 'middle';
    let y = edge;
    const write = (rows, colour) => {
      context.fillStyle = colour;
      for (const [text, size, weight] of rows) {
        context.font = `${weight} ${size}px ${FONT}`;
        context.fillText(text, edge, y + size * 0.75);
        y += size * 1.5;
      }
    };
    write(head, '#17252b');
    if (flag.length) {
      context.fillStyle = '#ffd166';
      context.fillRect(edge - 12, y + 4, width - 2 * edge + 24, sum(flag) + 12);
      y += 10;
      write(flag, '#1b1300');
    }
    const left = Math.round((width - wide) / 2);
    context.save();
    context.translate(left, top);
    context.beginPath();
    context.rect(0, 0, wide, high);
    context.clip();
    hatch(context, 0, 0, wide, high);
    context.imageSmoothingEnabled = false;
    context.drawImage(image, 0, 0, wide, high);
    const scale = wide / 1000;
    context.scale(scale, scale);
    context.lineJoin = 'round';
    for (const [path, colour, thick] of [[this.paths[0], 'rgba(0,0,0,0.4)', 3], [this.paths[0], '#aab6bc', 1], [this.paths[1], '#ffffff', 3]]) {
      context.strokeStyle = colour;
      context.lineWidth = thick / scale;
      context.stroke(new Path2D(path));
    }
    context.scale(1 / scale, 1 / scale);
    context.font = `18px ${FONT}`;
    context.textAlign = 'center';
    for (const [text, x, down] of this.places(wide, high, 18, [])) {
      context.lineWidth = 4;
      context.strokeStyle = 'rgba(0,0,0,0.8)';
      context.strokeText(text, x, down);
      context.fillStyle = '#ffffff';
      context.fillText(text, x, down);
    }
    context.restore();
    // Legend: the colours, the stops, the ground and no data.
    context.textAlign = 'left';
    context.fillStyle = '#17252b';
    context.font = `600 20px ${FONT}`;
    y = top + high + 26;
    context.fillText(data.words.legend, edge, y);
    const long = width - 2 * edge - 40;
    paint(context, data.colours, edge + 20, y + 18, long, 26);
    context.font = `18px ${FONT}`;
    context.textAlign = 'center';
    context.fillStyle = '#17252b';
    for (const [where, text] of data.stops) {
      const x = edge + 20 + where * long;
      context.fillRect(x - 0.5, y + 44, 1, 6);
      context.fillText(text, x, y + 64);
    }
    context.textAlign = 'left';
    y = top + high + 130;
    let x = edge + 20;
    for (const [text, dark] of [[data.words.dark, true], [data.words.none, false]]) {
      if (dark) {
        context.fillStyle = NIGHT;
        context.fillRect(x, y - 10, 34, 20);
      } else hatch(context, x, y - 10, 34, 20);
      context.fillStyle = '#17252b';
      context.fillText(text, x + 44, y);
      x += 44 + context.measureText(text).width + 36;
    }
    y += 36;
    write(foot, '#3c4a51');
    return new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('PNG'))), 'image/png');
    });
  }

  end() {
    this.watcher.disconnect();
    this.forget();
  }
}

// Colours stand in the middle of their stretch, as many as there are.
function paint(context, colours, x, y, width, height) {
  const step = width / colours.length;
  colours.forEach((colour, i) => {
    context.fillStyle = colour;
    context.fillRect(x + Math.floor(i * step), y, Math.ceil(step), height);
  });
}

function hatch(context, x, y, width, height) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.fillStyle = '#1a2328';
  context.fillRect(x, y, width, height);
  context.strokeStyle = '#3f4d55';
  context.lineWidth = 3;
  context.beginPath();
  for (let at = x - height; at < x + width; at += 11) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

// A feature in units of a thousandth of the picture's width; null for one without a polygon.
function shapeOf(feature, [west, south, east, north], tall) {
  const { geometry, properties } = feature;
  const polygons = geometry?.type === 'Polygon' ? [geometry.coordinates]
    : geometry?.type === 'MultiPolygon' ? geometry.coordinates : [];
  const wide = 1000 / (east - west);
  const high = (1000 * tall) / (up(north) - up(south));
  const shape = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity, size: 0, path: '' };
  for (const rings of polygons) {
    rings.forEach((ring, number) => {
      const points = ring.map(([lon, lat]) => [(lon - west) * wide, (up(north) - up(lat)) * high]);
      shape.path += `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join('L')}Z`;
      if (number) return;
      let [double, cx, cy] = [0, 0, 0];
      points.forEach(([x, y], i) => {
        const [nx, ny] = points[(i + 1) % points.length];
        const cross = x * ny - nx * y;
        double += cross;
        cx += (x + nx) * cross;
        cy += (y + ny) * cross;
        shape.x0 = Math.min(shape.x0, x);
        shape.x1 = Math.max(shape.x1, x);
        shape.y0 = Math.min(shape.y0, y);
        shape.y1 = Math.max(shape.y1, y);
      });
      // The name stands in the middle of the largest part.
      if (Math.abs(double) > shape.size) {
        shape.size = Math.abs(double);
        shape.x = cx / (3 * double);
        shape.y = cy / (3 * double);
      }
    });
  }
  if (!shape.size) return null;
  const code = String(properties?.code ?? '');
  shape.code = code;
  shape.first = code === '10' || (code.length > 2 && code.endsWith('01')) ? 1 : 0;
  shape.name_th = String(properties?.name_th ?? '');
  shape.name_en = String(properties?.name_en ?? '');
  return shape;
}

// Thai is written without spaces; the browser knows where its words end.
function wrapped(context, text, width, language) {
  const parts = typeof Intl.Segmenter === 'function'
    ? Array.from(new Intl.Segmenter(language, { granularity: 'word' }).segment(text), (part) => part.segment)
    : text.split(/(?<= )/);
  const lines = [''];
  for (const part of parts) {
    const longer = lines.at(-1) + part;
    if (lines.at(-1) && context.measureText(longer.trimEnd()).width > width) lines.push(part.trimStart());
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

export default function ({ parentElement, data }) {
  let state = STATES.get(parentElement);
  if (state && !parentElement.contains(state.view)) {
    state.end();
    state = undefined;
  }
  if (!state) {
    state = new Swipe(parentElement);
    STATES.set(parentElement, state);
  }
  state.show(data);
  return () => {
    state.end();
    STATES.delete(parentElement);
  };
}
