// @melloware/react-logviewer as its own documentation shows it, and what the bench asks of it.
import { createElement, createRef } from "react";
import { createRoot } from "react-dom/client";
import { flushSync } from "react-dom";
import { LazyLog } from "@melloware/react-logviewer";

const viewer = createRef();

/** Shows a text; resolves when its first lines are drawn. */
function show(text, caseInsensitive) {
  const place = document.body.appendChild(document.createElement("div"));
  place.style.height = "700px";
  return new Promise((done, fail) => {
    const drawn = () => {
      const frame = () => (place.textContent.includes("1") ? done() : requestAnimationFrame(frame));
      frame();
    };
    createRoot(place).render(
      createElement(LazyLog, { ref: viewer, text, caseInsensitive, enableSearch: true, height: 700, onLoad: drawn, onError: fail }),
    );
  });
}

/** How many times a text is found, once that is drawn. */
function find(text) {
  flushSync(() => viewer.current.handleSearch(text));
  return viewer.current.state.resultLines.length;
}

window.logviewer = { show, find };
