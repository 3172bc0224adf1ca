"use strict";
// The documentation page: swagger-ui with a sign-in form, whose token is kept for the tab.

const STORED = "ispyb-login";
const REFRESH_BEFORE = 30_000;  // milliseconds before the token ends
const RANGE = /__(gte|lte|in)$/;
const element = (id) => document.getElementById(id);
const { document: documentUrl, auth } = document.body.dataset;
const form = element("sign-in"), ranges = element("ranges");
let login = JSON.parse(sessionStorage.getItem(STORED));
let plugins = [];
let ui;

// ---------------------------------------------------------------- the specification

/** A copy of `node` without patterns, of which swagger-ui makes examples that nobody can read. */
function withoutPatterns(node) {
  if (Array.isArray(node)) return node.map(withoutPatterns);
  if (node === null || typeof node !== "object") return node;
  const kept = Object.entries(node).filter(([key, value]) => key !== "pattern" || typeof value !== "string");
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutPatterns(value)]));
}

/** A copy of the specification `spec` without the range filters of lists. */
function withoutRanges(spec) {
  const paths = {};
  for (const [path, item] of Object.entries(spec.paths)) {
    paths[path] = { ...item };
    for (const [verb, operation] of Object.entries(item))
      if (operation.parameters)
        paths[path][verb] = {
          ...operation,
          parameters: operation.parameters.filter((each) => !RANGE.test(each.name)),
        };
  }
  return { ...spec, paths };
}

// ---------------------------------------------------------------- accessibility of swagger-ui

/** The plugin with components that swagger-ui lacks, and labels that are no links in buttons. */
const OwnComponents = ({ React, getComponent }) => ({
  components: {
    DeepLink: ({ text }) => React.createElement("span", null, text),
    "JsonSchema_string_date-time-local": (props) =>
      React.createElement(getComponent("JsonSchema_string"), props),
  },
});

const ATTRIBUTES = [  // those that swagger-ui lacks, by selector
  ["h1.title, h2.title", "aria-level", () => "2"],
  ["h1.title, h2.title", "role", () => "heading"],
  [".information-container, .scheme-container, .filter", "role", () => "region"],
  [".information-container", "aria-label", () => "About"],
  [".scheme-container", "aria-label", () => "Server and token"],
  [".filter", "aria-label", () => "Search"],
  ["pre.microlight, .highlight-code pre", "tabindex", () => "0"],
  ["#servers", "aria-label", () => "Server"],
  ["tr[data-param-name] :is(select, input, textarea)", "aria-label",
    (node) => node.closest("tr").dataset.paramName],
];

function mendAttributes() {
  for (const [selector, name, value] of ATTRIBUTES)
    for (const node of element("swagger-ui").querySelectorAll(`:is(${selector}):not([${name}])`))
      node.setAttribute(name, value(node));
}

/** A copy of `node` with the definitions of `spec` in place of references, except recursive ones. */
function dereferenced(spec, node, above = []) {
  if (Array.isArray(node)) return node.map((each) => dereferenced(spec, each, above));
  if (node === null || typeof node !== "object") return node;
  if (typeof node.$ref === "string" && !above.includes(node.$ref)) {
    const definition = node.$ref.split("/").slice(1).reduce((part, key) => part[key], spec);
    return { title: node.$ref.split("/").pop(), ...dereferenced(spec, definition, [...above, node.$ref]) };
  }
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, dereferenced(spec, value, above)]));
}

/** The plugin that resolves references at once: swagger-ui parses the whole specification anew. */
const QuickReferences = () => ({
  fn: {
    resolveSubtree: async (spec, path) =>
      ({ spec: dereferenced(spec, path.reduce((part, key) => part?.[key], spec)), errors: [] }),
  },
});

async function showSpecification() {
  new MutationObserver(mendAttributes).observe(element("swagger-ui"), { childList: true, subtree: true });
  const answer = await fetch(documentUrl);
  if (!answer.ok) {
    element("problem").textContent = `${documentUrl}: ${answer.status} ${answer.statusText}`;
    return;
  }
  const { servers, ...whole } = withoutPatterns(await answer.json());  // it is this server
  const shown = () => ranges.checked ? whole : withoutRanges(whole);
  ui = SwaggerUIBundle({
    spec: { openapi: whole.openapi, info: whole.info, paths: {} },  // this one it parses as YAML
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    filter: true,
    validatorUrl: null,
    plugins: [OwnComponents, QuickReferences],
    syntaxHighlight: { theme: "obsidian" },
    requestInterceptor: authorize,
    onComplete: () => {
      ui.specActions.updateJsonSpec(shown());
      if (login) ui.preauthorizeApiKey("bearer", login.token);
    },
  });
  ranges.addEventListener("change", () => ui.specActions.updateJsonSpec(shown()));
}

// ---------------------------------------------------------------- signing in and out

/** The answer of an operation of auth; an Error with the reasons if it is a problem. */
async function post(operation, body, headers = {}) {
  const answer = await fetch(`${auth}/${operation}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  const content = await answer.json();
  if (answer.ok) return content;
  const reasons = Object.entries(content.errors ?? {}).map(([name, texts]) => `${name}: ${texts}`);
  throw new Error([content.detail ?? content.message ?? answer.statusText, ...reasons].join("; "));
}

function keep(answer) {
  login = answer && {
    name: answer.login,
    token: answer.token,
    refreshToken: answer.refreshToken,
    ends: Date.now() + answer.expiresIn * 1000,
  };
  if (login) sessionStorage.setItem(STORED, JSON.stringify(login));
  else sessionStorage.removeItem(STORED);
  if (login) ui?.preauthorizeApiKey("bearer", login.token);
  else ui?.authActions.logout(["bearer"]);
  showLogin();
}

async function signIn(credentials) {
  element("problem").textContent = "";
  try {
    keep(await post("login", credentials));
    form.reset();
  } catch (error) {
    element("problem").textContent = error.message;
  }
}

async function signOut() {
  const headers = { Authorization: `Bearer ${login.token}` };
  keep(null);
  await post("logout", undefined, headers).catch(() => {});  // the token may have ended before
}

/** `request` with a token that has not ended, if it is sent with ours. */
async function authorize(request) {
  if (!login || request.headers.Authorization !== `Bearer ${login.token}`) return request;
  if (Date.now() > login.ends - REFRESH_BEFORE) {
    try {
      keep(await post("refresh", { refreshToken: login.refreshToken }));
      request.headers.Authorization = `Bearer ${login.token}`;
    } catch (error) {
      keep(null);
      element("problem").textContent = error.message;
    }
  }
  return request;
}

function showLogin() {
  form.hidden = Boolean(login) || !plugins.length;
  element("signed-in").hidden = !login;
  if (login) element("signed-in").querySelector("strong").textContent = login.name;
}

/** Show the fields of the chosen plugin, and a button for each user of a demo. */
function showPlugin() {
  const plugin = plugins[form.plugin.selectedIndex];
  const shown = {
    plugin: plugins.length > 1,
    login: plugin.takes.includes("password"),
    password: plugin.takes.includes("password"),
    token: plugin.takes.includes("token") && !plugin.takes.includes("password"),
  };
  for (const [name, isShown] of Object.entries(shown)) {
    form[name].parentElement.hidden = !isShown;
    form[name].disabled = !isShown && name !== "plugin";
  }
  const users = plugin.config.users ?? [];
  const buttons = users.map(({ login, password, name }) => {
    const button = Object.assign(document.createElement("button"), { type: "button", title: name });
    button.textContent = login;
    button.addEventListener("click", () => signIn({ plugin: plugin.name, login, password }));
    return button;
  });
  element("users").replaceChildren("Demo users: ", ...buttons);
  element("users").hidden = !users.length;
}

async function offerSignIn() {
  const answer = await fetch(`${auth}/config`);
  if (!answer.ok) return;  // the service runs without auth beside it
  plugins = (await answer.json()).plugins;
  form.plugin.replaceChildren(...plugins.map(({ name }) => new Option(name)));
  form.plugin.addEventListener("change", showPlugin);
  if (plugins.length) showPlugin();
  showLogin();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  signIn(Object.fromEntries(new FormData(form)));
});
element("signed-in").querySelector("button").addEventListener("click", signOut);

// ---------------------------------------------------------------- the page

const dark = matchMedia("(prefers-color-scheme: dark)");
const setTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", setTheme);
setTheme();

for (const link of document.querySelectorAll("a[data-optional]"))  // a service may run alone
  fetch(link.href, { method: "HEAD" }).then(({ ok }) => { if (!ok) link.remove(); });

showLogin();
offerSignIn();
showSpecification();
