/* Has the browser install the service worker (service_worker.js): what is shown while the server can't be reached. */

/** Once the page is all there, so that it waits for nothing. On plain HTTP there are no workers. */
export function installWorker() {
  addEventListener("load", async () => {
    try {
      await navigator.serviceWorker?.register("/service-worker.js", { updateViaCache: "none" });
    } catch (error) {
      console.info("No service worker:", error.message);
    }
  });
}
