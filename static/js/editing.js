/* Editing an own message where it stands; htmx fetches the form and posts it. */

import { fitToText, isSending } from "chat/composer";
import { logInAgain } from "chat/connection";
import { parse } from "chat/timeline";
import { toast } from "chat/toasts";
import { word } from "chat/words";

export class Editing {
  #timeline;
  #afterwards;
  #loggedOut;

  /** `afterwards` is called when an edit ended, `loggedOut` when the session turned out to be over. */
  constructor(timeline, { afterwards, loggedOut }) {
    this.#timeline = timeline;
    this.#afterwards = afterwards;
    this.#loggedOut = loggedOut;
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
    } else if (event.target.matches("textarea") && isSending(event)) {
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

  /** Let in a message or a form, and no page. A refused text comes back as the form: it replaces the form alone. */
  #answered(event) {
    const { xhr, requestConfig } = event.detail;
    const form = requestConfig.elt.closest(".edit-form");
    const answer = parse(xhr.responseText).firstElementChild;
    if (!answer?.matches(".message, .edit-form")) {
      Object.assign(event.detail, { shouldSwap: false, isError: true });
    } else if (form && answer.matches(".edit-form")) {
      Object.assign(event.detail, { shouldSwap: true, isError: false, target: form });
    }
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
    const isLoggedOut = event.detail.xhr.status === 401;
    const errors = event.target.closest(".message")?.querySelector(".edit-form .field__errors");
    if (errors) {
      const reason = document.createElement("p");
      reason.append(...(isLoggedOut ? logInAgain(this.#timeline.element.dataset.pageUrl) : [word("failed")]));
      errors.replaceChildren(reason);
    } else if (!isLoggedOut) {
      toast(word("failed"));
    }
    if (isLoggedOut) this.#loggedOut();
  }
}
