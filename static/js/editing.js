/* Editing an own message where it stands; htmx fetches the form and posts it. */

import { fitToText } from "chat/composer";
import { word } from "chat/words";

export class Editing {
  #timeline;
  #afterwards;

  /** `afterwards` is called when an edit ended. */
  constructor(timeline, { afterwards }) {
    this.#timeline = timeline;
    this.#afterwards = afterwards;
  }

  start() {
    const region = this.#timeline.element;
    region.addEventListener("click", (event) => this.#clicked(event));
    region.addEventListener("keydown", (event) => this.#pressed(event));
    region.addEventListener("input", (event) => event.target.closest(".edit-form") && fitToText(event.target));
    region.addEventListener("htmx:afterSettle", (event) => this.#swapped(event.target));
    region.addEventListener("htmx:beforeSwap", (event) => this.#answered(event));
    region.addEventListener("htmx:sendError", (event) => this.#failed(event));
    region.addEventListener("htmx:responseError", (event) => this.#failed(event));
  }

  /** Open the form of the viewer's last message; false when there is none. */
  openLast() {
    const article = this.#timeline.lastOwn;
    if (article) this.#open(article);
    return Boolean(article);
  }

  #clicked(event) {
    const button = event.target.closest("[data-edit]");
    const cancel = event.target.closest(".edit-form [data-cancel]");
    if (!button && !cancel) return;
    event.preventDefault();
    const article = event.target.closest(".message");
    if (button) this.#open(article);
    else this.#close(article);
  }

  #pressed(event) {
    const form = event.target.closest(".edit-form");
    if (!form || event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      this.#close(form.closest(".message"));
    } else if (event.key === "Enter" && event.target.matches("textarea") && !event.shiftKey && !event.altKey) {
      if (matchMedia("(pointer: coarse)").matches) return;
      event.preventDefault();
      form.requestSubmit();
    }
  }

  #open(article) {
    if (article.querySelector(".edit-form") || article.hasAttribute("data-state")) return;
    const url = article.querySelector("[data-edit]").form.action;
    htmx.ajax("GET", url, { source: article, target: article.querySelector(".message__body"), swap: "afterend" });
  }

  #close(article) {
    article.querySelector(".edit-form").remove();
    this.#end(article.dataset.clientId);
  }

  #end(clientId) {
    this.#timeline.release(clientId);
    this.#timeline.refresh();
    this.#afterwards();
  }

  /** A refused text comes back as the form, with the reason in it: it replaces the form, not the message. */
  #answered(event) {
    const { xhr, requestConfig } = event.detail;
    const form = requestConfig.elt.closest(".edit-form");
    if (!form || xhr.status < 400 || !xhr.responseText.includes("edit-form")) return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
    event.detail.target = form;
  }

  #swapped(element) {
    const article = element.closest(".message");
    const box = article?.querySelector(".edit-form textarea");
    if (box) {
      fitToText(box);
      box.focus();
      box.setSelectionRange(box.value.length, box.value.length);
      box.scrollIntoView({ block: "nearest" });
    } else if (article) {
      this.#end(article.dataset.clientId);
    }
  }

  #failed(event) {
    const errors = event.target.closest(".message")?.querySelector(".edit-form .field__errors");
    if (errors) errors.replaceChildren(Object.assign(document.createElement("p"), { textContent: word("failed") }));
  }
}
