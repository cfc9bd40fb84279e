"use strict";
(function () {
  const store = document.getElementById("likelihoods"), root = document.getElementById("explorer");
  if (!store || !root) { return; }
  const all = JSON.parse(store.textContent);
  const field = (name) => root.querySelector("[data-field=" + name + "]");
  const out = (name) => root.querySelector("[data-out=" + name + "]");
  const PLACES = 2401, Z = 1.959963984540054, ONE_SIDED_5 = 1.6448536269514722, SURE = 0.975;
  const three = (x) => (!isFinite(x) ? "\u221e" : Math.abs(x) >= 100 ? x.toFixed(0) : x.toPrecision(3));
  const minus = (text) => text.replace("-", "\u2212");
  const probability = (p) => (p > 0.9999 ? "> 0.9999" : p < 0.0001 ? "< 0.0001" : p.toFixed(4));
  let chosen = all[0];
  const scaled = (x) => (chosen.ratio ? Math.log(x) : x / chosen.unit_size);
  const natural = (x) => (chosen.ratio ? Math.exp(x) : x * chosen.unit_size);

  function likelihoodAt(x) {
    const e = chosen.effect, h = chosen.log_likelihood, last = e.length - 1;
    if (x < e[0] || x > e[last]) { return -Infinity; }
    let low = 0, high = last;
    while (high - low > 1) { const middle = (low + high) >> 1; if (e[middle] <= x) { low = middle; } else { high = middle; } }
    const first = Math.min(Math.max(low - 1, 0), last - 3);  // the cubic through the four nearest places
    let found = 0;
    for (let i = first; i < first + 4; i += 1) {
      let weight = h[i];
      for (let j = first; j < first + 4; j += 1) { if (j !== i) { weight *= (x - e[j]) / (e[i] - e[j]); } }
      found += weight;
    }
    return found;
  }
  function posterior(mean, sd) {
    const coarse = Array.from(chosen.effect);
    for (let k = -40; k <= 40; k += 1) { coarse.push(mean + sd * k / 4); }
    coarse.sort((a, b) => a - b);
    const heights = coarse.map((x) => likelihoodAt(x) - 0.5 * ((x - mean) / sd) ** 2), most = Math.max(...heights);
    const kept = coarse.map((_, i) => i).filter((i) => heights[i] > most - 30);
    const ends = chosen.effect, first = coarse[kept[0]], last = coarse[kept[kept.length - 1]];
    const beyond = !isFinite(most) || first <= ends[0] || last >= ends[ends.length - 1];
    const from = coarse[Math.max(kept[0] - 1, 0)], to = coarse[Math.min(kept[kept.length - 1] + 1, coarse.length - 1)];
    const step = (to - from) / (PLACES - 1);
    const place = new Float64Array(PLACES), mass = new Float64Array(PLACES), prior = new Float64Array(PLACES);
    const like = new Float64Array(PLACES);
    let top = -Infinity;
    for (let i = 0; i < PLACES; i += 1) {
      place[i] = from + step * i;
      like[i] = likelihoodAt(place[i]);
      mass[i] = like[i] - 0.5 * ((place[i] - mean) / sd) ** 2;
      prior[i] = Math.exp(-0.5 * ((place[i] - mean) / sd) ** 2);
      if (mass[i] > top) { top = mass[i]; }
    }
    let total = 0;
    for (let i = 0; i < PLACES; i += 1) { mass[i] = Math.exp(mass[i] - top); total += mass[i]; }
    const summed = new Float64Array(PLACES + 1);
    for (let i = 0; i < PLACES; i += 1) { mass[i] /= total; summed[i + 1] = summed[i] + mass[i]; }
    const below = (x) => {
      const at = (x - from) / step + 0.5;
      if (at <= 0) { return 0; }
      if (at >= PLACES) { return 1; }
      const i = Math.floor(at);
      return summed[i] + mass[i] * (at - i);
    };
    const quantile = (p) => {
      let low = 0, high = PLACES;
      while (high - low > 1) { const m = (low + high) >> 1; if (summed[m] <= p) { low = m; } else { high = m; } }
      const share = mass[low] > 0 ? (p - summed[low]) / mass[low] : 0;
      return from + step * (low - 0.5 + share);
    };
    const better = (x) => (chosen.benefit > 0 ? 1 - below(x) : below(x));
    return { place, mass, prior, like, better, quantile, beyond };
  }
  function tipping() {
    const at = (sd) => posterior(0, sd).better(0);
    const wide = at(50 * chosen.standard_error);
    const sure = wide > 0.5 ? (p) => p > SURE : (p) => p < 1 - SURE;
    if (!sure(wide)) { return "Under no prior centred at no difference is the conclusion sure at 97.5%."; }
    let low = 0.001 * chosen.standard_error, high = 50 * chosen.standard_error;
    if (sure(at(low)) || posterior(0, low).beyond) { return "No sceptic's prior, however narrow, takes the conclusion away."; }
    for (let i = 0; i < 50; i += 1) { const m = Math.sqrt(low * high); if (sure(at(m))) { high = m; } else { low = m; } }
    const patients = chosen.worth ? ", as much as a trial of about "
      + Math.round(chosen.worth.variance / high ** 2) + " " + chosen.worth.name + " that found no difference" : "";
    return "The conclusion stays sure at 97.5% until a sceptic's prior, centred at no difference, is as narrow as "
      + span(0, high) + patients + ".";
  }
  function span(mean, sd) {
    return "95% between " + minus(three(natural(mean - Z * sd))) + " and " + minus(three(natural(mean + Z * sd)));
  }
  function places(low, high) {
    const from = natural(low), to = natural(high);
    if (chosen.ratio) {
      for (const steps of [[1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8], [1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
        const found = [];
        for (let power = -6; power <= 6; power += 1) { steps.forEach((step) => { const x = step * 10 ** power; if (x > from && x < to) { found.push(Math.log(x)); } }); }
        if (found.length <= 8) { return found; }
      }
      return [];
    }
    let step = 10 ** Math.floor(Math.log10((to - from) / 4));
    step *= [1, 2, 5, 10].find((k) => (to - from) / (step * k) <= 8);
    const found = [];
    for (let k = Math.ceil(from / step); k * step < to; k += 1) { found.push(scaled(k * step)); }
    return found;
  }
  function draw(found, threshold) {
    const svg = root.querySelector("svg"), width = 760, height = 230, foot = height - 34;
    const from = found.quantile(0.0002), to = found.quantile(0.9998), pad = 0.6 * (to - from);
    const low = Math.min(from - pad, 0 - 0.1 * (to - from), threshold), high = Math.max(to + pad, 0.1 * (to - from), threshold);
    const x = (value) => 10 + (width - 20) * (value - low) / (high - low);
    const curve = (height_of) => {
      let top = 0;
      const points = [];
      for (let i = 0; i < PLACES; i += 4) { if (found.place[i] >= low && found.place[i] <= high) { top = Math.max(top, height_of(i)); } }
      for (let i = 0; i < PLACES; i += 4) {
        if (found.place[i] < low || found.place[i] > high) { continue; }
        points.push(x(found.place[i]).toFixed(1) + " " + (foot - (foot - 14) * height_of(i) / top).toFixed(1));
      }
      return "M" + points.join("L");
    };
    const set = (name, attributes) => {
      const node = svg.querySelector("[data-part=" + name + "]");
      Object.keys(attributes).forEach((key) => node.setAttribute(key, attributes[key]));
      return node;
    };
    set("prior", { d: curve((i) => found.prior[i]) });
    set("likelihood", { d: curve((i) => Math.exp(found.like[i])) });
    set("posterior", { d: curve((i) => found.mass[i]) });
    set("null", { x1: x(0), x2: x(0) });
    set("threshold", { x1: x(threshold), x2: x(threshold) });
    const ticks = svg.querySelector("[data-part=ticks]");
    ticks.replaceChildren();
    for (const value of places(low, high)) {
      const text = document.createElementNS(svg.namespaceURI, "text");
      text.setAttribute("x", x(value)); text.setAttribute("y", foot + 18); text.setAttribute("text-anchor", "middle");
      text.textContent = minus(String(Number(natural(value).toPrecision(3))));
      ticks.append(text);
    }
    set("left", {}).textContent = "\u2190 favours " + (chosen.benefit > 0 ? chosen.control : chosen.experimental);
    set("right", {}).textContent = "favours " + (chosen.benefit > 0 ? chosen.experimental : chosen.control) + " \u2192";
  }
  function show() {
    const centre = parseFloat(field("centre").value), sd = parseFloat(field("sd").value);
    const limit = parseFloat(field("threshold").value), bad = out("problem");
    const wrong = !(sd > 0) ? "The spread has to be above 0."
      : !isFinite(centre) ? "The centre is missing."
      : chosen.ratio && !(centre > 0 && !(limit <= 0)) ? "A ratio is above 0." : "";
    const mean = scaled(centre), threshold = isFinite(limit) ? scaled(limit) : null;
    const found = wrong ? null : posterior(mean, sd / (chosen.ratio ? 1 : chosen.unit_size));
    bad.textContent = wrong || (found.beyond ? "This prior lies so far from the data that the page cannot compute it; reappraise sensitivity says why." : "");
    if (bad.textContent) {
      ["benefit", "beyond", "median", "interval", "believed", "tipping"].forEach((name) => { out(name).textContent = ""; });
      return;
    }
    out("benefit").textContent = probability(found.better(0));
    out("beyond").textContent = threshold === null ? "" : probability(found.better(threshold));
    out("beyond-words").textContent = threshold === null ? "beyond a threshold: none is set" : "P(" + chosen.name + (chosen.benefit > 0 ? " > " : " < ") + minus(three(limit)) + ")";
    out("median").textContent = minus(three(natural(found.quantile(0.5))));
    out("interval").textContent = minus(three(natural(found.quantile(0.025)))) + " to " + minus(three(natural(found.quantile(0.975))));
    out("believed").textContent = "Prior: " + span(mean, sd / (chosen.ratio ? 1 : chosen.unit_size)) + ".";
    out("tipping").textContent = tipping();
    draw(found, threshold === null ? 0 : threshold);
    const state = new URLSearchParams({ effect: chosen.key, centre: centre, sd: sd, threshold: threshold === null ? "" : limit });
    history.replaceState(null, "", "#" + state.toString());
  }
  const rounded = (x) => String(Number(x.toPrecision(4)));
  function set(mean, sd) {
    field("centre").value = rounded(natural(mean));
    field("sd").value = rounded(sd * (chosen.ratio ? 1 : chosen.unit_size));
    show();
  }
  function choose(key) {
    chosen = all.find((one) => one.key === key) || all[0];
    field("effect").value = chosen.key;
    out("scale").textContent = chosen.ratio ? "spread, standard deviation of its logarithm" : "spread, standard deviation" + chosen.unit;
    out("centre-words").textContent = "centre, " + chosen.name + chosen.unit;
    const named = root.querySelector("[data-part=named]");
    named.replaceChildren();
    chosen.priors.forEach((prior) => {
      const button = document.createElement("button");
      button.type = "button"; button.textContent = prior.label; button.title = prior.rationale;
      button.addEventListener("click", () => set(prior.mean, prior.sd));
      named.append(button);
    });
    field("threshold").value = chosen.threshold === null ? "" : rounded(natural(chosen.threshold));
    out("worth").textContent = chosen.worth ? "or: worth a trial of so many " + chosen.worth.name : "";
    field("patients").disabled = !chosen.worth;
    set(chosen.priors[0].mean, chosen.priors[0].sd);
  }
  all.forEach((one) => { const option = document.createElement("option"); option.value = one.key; option.textContent = one.label; field("effect").append(option); });
  field("effect").addEventListener("change", () => choose(field("effect").value));
  ["centre", "sd", "threshold"].forEach((name) => field(name).addEventListener("input", show));
  field("patients").addEventListener("change", () => {
    const number = parseFloat(field("patients").value);
    if (number > 0 && chosen.worth) { field("sd").value = rounded((chosen.ratio ? 1 : chosen.unit_size) * Math.sqrt(chosen.worth.variance / number)); show(); }
  });
  field("tail").addEventListener("change", () => {
    const limit = parseFloat(field("tail").value), centre = parseFloat(field("centre").value);
    if (isFinite(limit) && isFinite(centre) && limit !== centre) {
      field("sd").value = rounded((chosen.ratio ? 1 : chosen.unit_size) * Math.abs(scaled(limit) - scaled(centre)) / ONE_SIDED_5); show();
    }
  });
  const asked = new URLSearchParams(location.hash.slice(1));
  root.hidden = false;
  choose(asked.get("effect") || all[0].key);
  if (asked.has("sd")) {
    ["centre", "sd", "threshold"].forEach((name) => { if (asked.has(name)) { field(name).value = asked.get(name); } });
    show();
  }
})();
