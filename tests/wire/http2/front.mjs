// A TLS front that speaks HTTP/2 and nothing else, before an organization at plain HTTP.
// front.mjs KEY CERTIFICATE UPSTREAM: prints its port when ready, and at SIGTERM one line of JSON:
// how many requests came, over how many connections, and the most that were open at once.
import http from "node:http";
import http2 from "node:http2";
import fs from "node:fs";

const [key, certificate, upstream] = process.argv.slice(2);
const counted = { requests: 0, connections: 0, together: 0 };
let open = 0;

const server = http2.createSecureServer({
  key: fs.readFileSync(key),
  cert: fs.readFileSync(certificate),
  allowHTTP1: false,
});
server.on("session", () => counted.connections++);
server.on("stream", (stream, headers) => {
  counted.requests++;
  counted.together = Math.max(counted.together, ++open);
  stream.on("close", () => open--);
  stream.on("error", () => {});
  const forwarded = { host: upstream };
  for (const [name, value] of Object.entries(headers))
    // The body is searched for links below, so it has to come as text.
    if (!name.startsWith(":") && name !== "accept-encoding" && name !== "host") forwarded[name] = value;
  const [host, port] = upstream.split(":");
  const request = http.request(
    { host, port, method: headers[":method"], path: headers[":path"], headers: forwarded },
    (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const links = Buffer.concat(parts).toString().replaceAll(`http://${upstream}`, here());
        const passed = { ":status": answer.statusCode };
        for (const [name, value] of Object.entries(answer.headers))
          if (!["connection", "keep-alive", "transfer-encoding", "content-length"].includes(name))
            passed[name] = name === "location" ? value.replace(`http://${upstream}`, here()) : value;
        if (stream.closed || stream.destroyed) return;
        stream.respond(passed);
        stream.end(links);
      });
    },
  );
  request.on("error", () => stream.close());
  stream.pipe(request);
});

function here() {
  return `https://localhost:${server.address().port}`;
}

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.on("SIGTERM", () => {
  console.log(JSON.stringify(counted));
  process.exit(0);
});
