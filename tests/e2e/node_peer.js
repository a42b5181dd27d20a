// Both sides of mutual TLS with Node.js; tests/e2e/provider_peer.h says how it is spoken with.
"use strict";

const fs = require("node:fs");
const readline = require("node:readline");
const tls = require("node:tls");

const [cert, key, trusted, commands] = process.argv.slice(2);
const files = (certPath, keyPath) => ({
  cert: fs.readFileSync(certPath), key: fs.readFileSync(keyPath), ca: fs.readFileSync(trusted),
});

const contexts = new Map();
function contextOf(line) {
  if (!contexts.has(line)) {
    const [version, certPath, keyPath] = line.split(" ");
    const versions = { minVersion: `TLSv${version}`, maxVersion: `TLSv${version}` };
    contexts.set(line, tls.createSecureContext({ ...files(certPath, keyPath), ...versions }));
  }
  return contexts.get(line);
}

function connect(port, line) {
  return new Promise((resolve, reject) => {
    const said = [];
    const socket = tls.connect({ host: "127.0.0.1", port, servername: "localhost", secureContext: contextOf(line) });
    socket.setTimeout(20000, () => socket.destroy(new Error("no answer in time")));
    socket.on("data", (data) => said.push(data));
    socket.on("error", reject);
    socket.on("end", () => resolve(Buffer.concat(said).toString()));
    socket.on("close", () => reject(new Error("closed without an answer")));
  });
}

const server = tls.createServer({ ...files(cert, key), requestCert: true, rejectUnauthorized: true },
  (socket) => socket.end(socket.getProtocol()));
server.on("tlsClientError", () => {});  // and the client says why
server.listen(0, "127.0.0.1", async () => {
  for await (const line of readline.createInterface({ input: fs.createReadStream(commands) })) {
    try {
      const said = await connect(server.address().port, line);
      console.log(said === `TLSv${line.split(" ")[0]}` ? "done" : `failed: said ${said}`);
    } catch (error) {
      console.log(`failed: ${error.message.replace(/\n/g, " ")}`);
    }
  }
  server.close();
});
