// Loaded before Azurite.
// The parent holds our standard input: when it is gone, however it died, we end too, and save first.
// Closing waits for every idle pooled connection, so they are closed with their server.
const http = require("http");

const close = http.Server.prototype.close;
http.Server.prototype.close = function (...args) {
  const closed = close.apply(this, args);
  this.closeAllConnections();
  return closed;
};

process.stdin.on("end", () => {
  setTimeout(() => process.exit(1), 5000).unref();
  process.kill(process.pid, "SIGTERM");
});
process.stdin.resume();
