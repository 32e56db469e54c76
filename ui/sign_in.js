// Between the tabs of one browser, and for the links that it opens by itself.
// A tab in which somebody has just signed in offers its session to the others by the name of a pass; a tab whose session
// has ended, or soon does, takes it: whoever works there signs in again without losing anything. The name alone goes
// from tab to tab, and the page's script gives the token for it to the same person only.
const tab = { data: {}, offered: "", send: () => {} };
const OPENED = "/v1/";

function hear({ data: said }) {
  if (said.offer && tab.data.waiting) {
    tab.send("renewed", said.offer);
    tab.channel.postMessage({ taken: said.offer });
  }
  if (said.taken && said.taken === tab.offered) tab.send("taken", true);
}

// A browser that follows a link sends no token: the address of a document gets the newest ticket as it is followed.
function addTicket(event) {
  const link = event.target.closest?.("a[href]");
  if (!link || !tab.data.ticket || !link.href.startsWith(`${tab.data.links}${OPENED}`)) return;
  const address = new URL(link.href);
  address.searchParams.set("ticket", tab.data.ticket);
  link.href = address.href;
}

export default function ({ data, setTriggerValue }) {
  tab.data = data;
  tab.send = setTriggerValue;
  if (!tab.channel) {
    tab.channel = new BroadcastChannel("fanal-sign-in");
    tab.channel.onmessage = hear;
  }
  document.addEventListener("pointerdown", addTicket, true);
  document.addEventListener("click", addTicket, true);
  if (data.offer && data.offer !== tab.offered) {
    tab.offered = data.offer;
    tab.channel.postMessage({ offer: data.offer });
  }
  document.body.dataset.fanalSession = data.waiting ? "waiting" : "open";
  return () => {
    tab.channel.close();
    tab.channel = null;
    document.removeEventListener("pointerdown", addTicket, true);
    document.removeEventListener("click", addTicket, true);
  };
}
