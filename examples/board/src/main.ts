// The page: a login, or the board of whoever the address names.
import { markLoggedIn, openTab } from "./browser-seat.ts";
import { fromHash, type Identity, toHash } from "./identity.ts";
import type { Seat } from "./seat.ts";
import { type Board, createBoard } from "./ui/board.ts";
import { createLogin } from "./ui/login.ts";

function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

const app = byId("app");
const announcer = byId("announcer");
let leave = (): void => {};

function showLogin(notice: string): void {
  leave();
  history.replaceState(null, "", location.pathname);
  document.title = "Status board";
  const login = createLogin(notice, (identity) => {
    history.replaceState(null, "", toHash(identity));
    showBoard(identity);
  });
  app.replaceChildren(login);
  login.querySelector("input")?.focus();
}

function showBoard(identity: Identity): void {
  leave();
  markLoggedIn(identity);
  let seat: Seat | undefined;
  const board: Board = createBoard(async (command) => await seat?.run(command), announcer);
  const left = (): void => showLogin("You are logged out.");
  seat = openTab({
    identity,
    onView: (view) => {
      if (view.left) left();
      else board.update(view);
    },
    onLeft: left,
  });
  const onHide = (): void => seat.close();
  addEventListener("pagehide", onHide);
  leave = () => {
    leave = () => {};
    removeEventListener("pagehide", onHide);
    board.close();
    seat.close();
  };
  app.replaceChildren(board.element);
  board.focus();
}

function showWhoever(): void {
  const identity = fromHash(location.hash);
  if (identity === undefined) showLogin("");
  else showBoard(identity);
}

// A page that comes back from the browser's memory has given its seat up.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
addEventListener("hashchange", showWhoever);
showWhoever();
