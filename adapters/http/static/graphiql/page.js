// Starts GraphiQL. The token and what is typed stay in this page's memory: nothing is written to the browser's store.
"use strict";

(function () {
  const root = ReactDOM.createRoot(document.getElementById("graphiql"));
  const form = document.getElementById("token-form");
  const box = document.getElementById("token");
  const state = document.getElementById("token-state");

  const memory = new Map();
  const storage = {
    getItem: (key) => (memory.has(key) ? memory.get(key) : null),
    setItem: (key, value) => memory.set(key, String(value)),
    removeItem: (key) => memory.delete(key),
    clear: () => memory.clear(),
    get length() { return memory.size; },
  };

  // A new fetcher makes GraphiQL ask for the schema again, so each change of the token makes one.
  function fetcherWith(token) {
    const authorization = token ? { Authorization: "Bearer " + token } : {};
    return async function (operation, options) {
      const answer = await fetch("/graphql", {
        method: "POST",
        credentials: "omit",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json",
          ...authorization,
          ...((options && options.headers) || {}),
        },
        body: JSON.stringify(operation),
      });
      return answer.json();
    };
  }

  function show(token) {
    root.render(
      React.createElement(GraphiQL, {
        fetcher: fetcherWith(token),
        storage: storage,
        isHeadersEditorEnabled: true,
        shouldPersistHeaders: false,
        defaultQuery: "# Write a query and press Ctrl+Enter.\n{\n  __typename\n}\n",
      }),
    );
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    const token = box.value.trim().replace(/^Bearer\s+/i, "");
    state.textContent = token ? "The token is used." : "Without a token.";
    show(token);
  });

  show("");
})();
