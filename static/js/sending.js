/* The outbox of the person in front of this page, and what sends it: one of each for as long as the document lives, whatever
page it shows. */

import { Delivery } from "chat/delivery";
import { live } from "chat/live";
import { Outbox } from "chat/outbox";

class Sending {
  outbox = null;
  delivery = null;

  start(username) {
    this.outbox = new Outbox(username);
    this.delivery = new Delivery(this.outbox, { author: username, ticketOf });
    live.addEventListener("rejected", ({ detail }) => this.delivery.askNow(detail.client_id));
    // What is in the outbox outlives the page, so that leaving needs no warning, unless storage is full or forbidden.
    addEventListener("beforeunload", (event) => this.outbox.wouldLose && event.preventDefault());
    this.delivery.start();
  }
}

export const sending = new Sending();

/** The posting ticket for the channel `slug`, "" when this page has none. */
function ticketOf(slug) {
  const shown = document.getElementById("timeline")?.dataset;
  return shown?.slug === slug ? shown.ticket : "";
}
