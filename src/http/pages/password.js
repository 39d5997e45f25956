(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  // The token stands behind the #, which a browser sends to nobody; it is taken out of the address bar as well.
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  history.replaceState(null, "", location.pathname);
  at(token ? "choose" : "ask").hidden = false;

  const tell = (id, failed, dutch, english) => {
    const result = at(id);
    const other = document.createElement("span");
    other.lang = "en";
    other.textContent = english;
    result.classList.toggle("failed", failed);
    result.replaceChildren(dutch + " ", other);
    result.focus();
  };

  const post = (path, body, language) =>
    fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept": "application/json", "Accept-Language": language },
      body: JSON.stringify(body),
      credentials: "omit",
    });

  const away = (id) =>
    tell(id, true, "Het lukte niet. Probeer het straks opnieuw.", "It did not work. Try again later.");

  const MESSAGES = {
    token_unusable: ["Deze link is verlopen of al gebruikt. Vraag hieronder een nieuwe aan.", "This link has expired or was used. Ask for a new one below."],
    password_too_simple: ["Kies een wachtwoord dat niet uw naam of e-mailadres is.", "Choose a password that is not your name or e-mail address."],
    too_short: ["Kies minstens 12 tekens.", "Choose at least 12 characters."],
    too_long: ["Kies hoogstens 128 tekens.", "Choose at most 128 characters."],
    control_character: ["In het wachtwoord staat een teken dat niet mag.", "The password holds a character that is not allowed."],
  };

  const busy = async (form, work) => {
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await work();
    } finally {
      button.disabled = false;
    }
  };

  at("show").addEventListener("change", (event) => {
    for (const id of ["password", "repeated"]) {
      at(id).type = event.target.checked ? "text" : "password";
    }
  });

  at("choose-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const password = at("password").value;
    if (password !== at("repeated").value) {
      tell("choose-result", true, "De twee wachtwoorden zijn niet gelijk.", "The two passwords are not the same.");
      return;
    }
    busy(event.target, async () => {
      let response;
      try {
        response = await post("v1/passwords", { token, password }, "nl");
      } catch {
        away("choose-result");
        return;
      }
      if (response.status === 204) {
        event.target.hidden = true;
        tell("choose-result", false, "Uw wachtwoord is ingesteld. U kunt deze pagina sluiten en u aanmelden.", "Your password is set. You can close this page and sign in.");
        return;
      }
      const problem = await response.json().catch(() => ({}));
      const code = (problem.errors || []).map((error) => error.code).find((known) => MESSAGES[known]);
      if (!code) {
        away("choose-result");
        return;
      }
      if (code === "token_unusable") {
        event.target.hidden = true;
        at("ask").hidden = false;
      }
      tell("choose-result", true, ...MESSAGES[code]);
    });
  });

  at("ask-form").addEventListener("submit", (event) => {
    event.preventDefault();
    busy(event.target, async () => {
      try {
        const response = await post("v1/password-resets", { email: at("email").value }, "nl");
        if (response.status !== 202) {
          away("ask-result");
          return;
        }
      } catch {
        away("ask-result");
        return;
      }
      event.target.hidden = true;
      tell("ask-result", false, "Als dit adres bij ons bekend is, hebt u binnen enkele minuten een e-mail.", "If we know this address, you will have an e-mail within minutes.");
    });
  });
})();
