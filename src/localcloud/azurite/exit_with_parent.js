// Loaded before Azurite: the parent holds our standard input; when it is gone, however it died, so are we.
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
