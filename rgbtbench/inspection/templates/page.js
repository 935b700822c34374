"use strict";
const SVG = "http://www.w3.org/2000/svg";
const samples = JSON.parse(document.getElementById("data").textContent);
const places = new Map(samples.map((sample, place) => [sample.key, place]));
const at = (id) => document.getElementById(id);
const [blend, opacity, score] = [at("blend"), at("opacity"), at("score")];
const hidden = new Set();
let current = 0;

function element(name, attributes = {}, ...children) {
  const made = name === "svg" || attributes.xmlns ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (key !== "xmlns") made.setAttribute(key, value);
  made.append(...children);
  return made;
}
const drawn = (name, attributes, ...children) => element(name, { ...attributes, xmlns: SVG }, ...children);

// A stage has the shape of one camera's frame; everything else is stretched onto it.
function stage(frame, ...layers) {
  const spacer = drawn("svg", { class: "spacer", viewBox: `0 0 ${frame.width} ${frame.height}`, "aria-hidden": "true" });
  return element("div", { class: frame.width < 320 ? "stage small" : "stage" }, spacer, ...layers);
}

function panel(name, title, content, notes = []) {
  const enlarge = element("button", { type: "button" }, "Enlarge");
  const figure = element("figure", { "data-name": name, "data-title": title }, content,
    element("figcaption", {}, element("span", { class: "title" }, element("strong", {}, title), enlarge), ...notes));
  enlarge.addEventListener("click", () => {
    enlarge.textContent = figure.classList.toggle("large") ? "Shrink" : "Enlarge";
  });
  return figure;
}

function photograph(image) {
  const notes = image.note ? [element("span", { class: "soft" }, image.note)] : [];
  const shown = element("img", { src: image.source, alt: `${image.modality} image` });
  return panel(image.modality, image.modality, stage(image, shown), notes);
}

function blended(images) {
  return images.slice(0, 2).map((image, place) =>
    element("img", { src: image.source, alt: "", class: place ? "over" : "under" }));
}

function legend(entries) {
  return element("ul", { class: "legend" }, ...entries.map(([name, colour]) =>
    element("li", {}, drawn("svg", { width: 11, height: 11, "aria-hidden": "true" },
      drawn("rect", { width: 11, height: 11, fill: colour })), name)));
}

function boxes(layer, frame) {
  const over = element("div", { class: "overlay boxes" });
  for (const box of layer.boxes) {
    const [left, top, right, bottom] = box.xyxy;
    const words = [box.label, box.ignore && box.label !== "ignore" ? "ignored" : "",
      box.occlusion > 0 ? `occlusion ${box.occlusion}` : "", box.score === null ? "" : box.score.toFixed(2)];
    const made = element("div", { class: "box" }, element("span", {}, words.filter(Boolean).join(", ")));
    made.classList.toggle("ignore", box.ignore);
    made.classList.toggle("guess", box.score !== null);
    if (box.score !== null) made.dataset.score = box.score;
    Object.assign(made.style, {
      left: `${(100 * left) / frame.width}%`, width: `${(100 * (right - left)) / frame.width}%`,
      top: `${(100 * top) / frame.height}%`, height: `${(100 * (bottom - top)) / frame.height}%`,
      borderColor: box.colour,
    });
    over.append(made);
  }
  return over;
}

function overlaid(layer, images) {
  const frame = images.find((image) => image.modality === layer.follows) || images[0];
  const over = layer.source
    ? element("img", { src: layer.source, alt: layer.title, class: "overlay" })
    : boxes(layer, frame);
  const count = layer.boxes ? [element("span", { class: "soft count" })] : [];
  return panel(layer.name, layer.title, stage(frame, ...blended(images), over), [...count, legend(layer.legend)]);
}

function show(place) {
  current = (place + samples.length) % samples.length;
  const sample = samples[current];
  at("viewer").hidden = false;
  at("key").textContent = sample.key;
  at("blend-from").textContent = sample.images[0].modality;
  at("blend-to").textContent = (sample.images[1] || sample.images[0]).modality;
  const figures = [...sample.images.map(photograph), ...sample.layers.map((layer) => overlaid(layer, sample.images))];
  at("panels").replaceChildren(...figures);
  at("captions").replaceChildren(...sample.captions.map((caption) => element("p", {}, `“${caption}”`)));
  at("facts").replaceChildren(...sample.attributes.flatMap(([label, value]) =>
    [element("dt", {}, label), element("dd", {}, value)]));
  choices(figures);
  for (const link of document.querySelectorAll("#gallery a")) {
    if (link.getAttribute("href") === `#${sample.key}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  update();
}

function choices(figures) {
  at("panel-choice").replaceChildren(element("legend", {}, "Panels"), ...figures.map((figure) => {
    const name = figure.dataset.name;
    const box = element("input", { type: "checkbox" });
    box.checked = !hidden.has(name);
    box.addEventListener("change", () => { box.checked ? hidden.delete(name) : hidden.add(name); update(); });
    return element("label", {}, box, ` ${figure.dataset.title}`);
  }));
}

function update() {
  for (const image of document.querySelectorAll(".over")) image.style.opacity = blend.value / 100;
  for (const over of document.querySelectorAll(".overlay")) {
    // Thin outlines need no transparency; they are only switched off.
    const outlines = over.classList.contains("boxes");
    over.style.opacity = outlines ? (opacity.value > 0 ? 1 : 0) : opacity.value / 100;
  }
  const least = score ? score.value / 100 : 0;
  if (score) at("least").textContent = least.toFixed(2);
  for (const box of document.querySelectorAll("[data-score]")) {
    box.style.display = Number(box.dataset.score) >= least ? "" : "none";
  }
  for (const figure of document.querySelectorAll("#panels figure")) {
    figure.hidden = hidden.has(figure.dataset.name);
    const count = figure.querySelector(".count");
    if (count) {
      const shown = [...figure.querySelectorAll(".box")].filter((box) => box.style.display !== "none").length;
      count.textContent = `${shown} box${shown === 1 ? "" : "es"}`;
    }
  }
}

function toggle(slider, other) {
  if (Number(slider.value) > 0) { slider.dataset.before = slider.value; slider.value = 0; }
  else slider.value = slider.dataset.before || other;
  update();
}

const go = (step) => { location.hash = samples[(current + step + samples.length) % samples.length].key; };
const fromAddress = () => show(places.get(decodeURIComponent(location.hash.slice(1))) ?? 0);
for (const slider of [blend, opacity, score]) if (slider) slider.addEventListener("input", update);
at("previous").addEventListener("click", () => go(-1));
at("next").addEventListener("click", () => go(1));
addEventListener("keydown", (event) => {
  // Arrows also move sliders; there they keep that meaning.
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.type === "range") return;
  if (event.key === "ArrowLeft") go(-1);
  else if (event.key === "ArrowRight") go(1);
  else if (event.key === "b") { blend.value = Number(blend.value) < 50 ? 100 : 0; update(); }
  else if (event.key === "o") toggle(opacity, 55);
});
addEventListener("hashchange", fromAddress);
if (samples.length) fromAddress();
