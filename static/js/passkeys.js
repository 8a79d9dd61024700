/* Passkeys: has the browser make or show one when a form is sent that asks for it, and sends along what it says.

The form says in `data-passkey` which of the two (create, get). What the server wants is in `data-options`,
or under `data-options-url`. */

const canMake = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON && navigator.credentials);

/** Offer `form`, if this browser can do what it asks for at this address. */
export function start(form, signal) {
  if (!canMake) return;
  for (const element of document.querySelectorAll("[data-no-passkeys]")) element.hidden = true;
  form.hidden = false;
  let hasPasskey = false;
  const send = (passkey) => {
    form.elements.credential.value = JSON.stringify(passkey);
    hasPasskey = true;
    form.requestSubmit();
    hasPasskey = false;
  };
  const ask = (event) => {
    if (hasPasskey) return;
    event.preventDefault();
    tell(form, "");
    shown(form, signal).then(send, (error) => {
      console.info("No passkey:", error.message);
      tell(form, form.dataset.failed);
    });
  };
  form.addEventListener("submit", ask, { signal });
}

function tell(form, words) {
  form.querySelector("[data-told]").textContent = words;
}

/** What the browser says of the passkey, as the server reads it. */
async function shown(form, signal) {
  const { publicKey } = await wanted(form, signal);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey), signal })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey), signal });
  return credential.toJSON();
}

async function wanted(form, signal) {
  const { options, optionsUrl } = form.dataset;
  if (options) return JSON.parse(options);
  const response = await fetch(optionsUrl, { headers: { Accept: "application/json" }, signal });
  if (!response.ok) throw new Error(`${response.status} for what is wanted`);
  return response.json();
}
