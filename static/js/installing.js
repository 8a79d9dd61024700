/* Has the browser install the service worker (service_worker.js): what is shown while the server can't be reached. */

/** Once the page is all there, so that it waits for nothing. On plain HTTP there are no workers. */
export function installWorker() {
  addEventListener("load", async () => {
    const { serviceWorker } = navigator;
    if (!serviceWorker) return;
    try {
      await serviceWorker.register("/service-worker.js", { updateViaCache: "none" });
      // A page that came before the worker was at work is not known to it.
      if (!serviceWorker.controller) (await serviceWorker.ready).active.postMessage({});
    } catch (error) {
      console.info("No service worker:", error.message);
    }
  });
}
