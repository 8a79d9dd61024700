/* Asks before a message is deleted for everybody, and deletes it. */

import { toast } from "chat/toasts";
import { word } from "chat/words";

export class Deleting {
  #timeline;
  #dialog;
  #afterwards;
  #loggedOut;

  /** `afterwards` is called when a message was deleted, `loggedOut` when the session turned out to be over. */
  constructor(timeline, { dialog, afterwards, loggedOut }) {
    this.#timeline = timeline;
    this.#dialog = dialog;
    this.#afterwards = afterwards;
    this.#loggedOut = loggedOut;
  }

  start() {
    this.#timeline.element.addEventListener("click", (event) => {
      const button = event.target.closest("[data-delete]");
      if (!button) return;
      event.preventDefault();
      this.#ask(button.closest(".message"), button.form.action);
    });
    this.#dialog.querySelector("form").addEventListener("submit", (event) => {
      if (event.submitter?.value !== "delete") return;
      event.preventDefault();
      this.#dialog.close();
      this.#delete(event.target);
    });
  }

  #ask(article, url) {
    const form = this.#dialog.querySelector("form");
    form.action = url;
    form.dataset.clientId = article.dataset.clientId;
    const body = article.querySelector(".message__body").cloneNode(true);
    this.#dialog.querySelector(".dialog__quote").replaceChildren(...body.childNodes);
    this.#dialog.showModal();
  }

  async #delete(form) {
    const { clientId } = form.dataset;
    try {
      const response = await fetch(form.action, {
        method: "POST",
        headers: { "HX-Request": "true" },
        body: new URLSearchParams(new FormData(form)),
      });
      if (response.status === 401) return void this.#loggedOut();
      if ((!response.ok || response.redirected) && response.status !== 404) throw new Error(response.status);
      this.#timeline.remove(clientId);
      this.#afterwards();
    } catch (error) {
      console.info("Deleting failed:", error.message);
      toast(word("failed"));
    }
  }
}
