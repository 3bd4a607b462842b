// Command bench measures volley beside other clients on this machine: the
// same requests to the same server, in turns, each client a process of its
// own whose CPU time and memory the kernel counts.
//
//	go run ./runtime/bench                        every scenario, every client
//	go run ./runtime/bench -list                  what there is, and who takes part
//	go run ./runtime/bench -scenario get,scripted -peers volley,wrk -rounds 5
//	go run ./runtime/bench -json results.json
//
// volley is the real program, built as it is released and started as a user
// would start it. The other clients are those that install.sh installs; one
// that is missing is said to be, one that fails is shown with its last words,
// and one that cannot do a scenario's work is listed with the reason. A client
// in a scenario that does less than the others carries a note.
//
// The server is nginx with one worker where it is installed, else one that
// comes with the bench; the tables say which. The figures are medians over the
// rounds. CPU is user and system time of the client and its children, so it
// does not depend on how fast the server is; requests a second do, as client
// and server share the machine. What carries over to another machine are the
// ratios of one run. Everything talks to loopback, and every client is stopped
// at its scenario's time limit.
//
// A profile of one of the clients that are Go code here, against a server in a
// terminal of its own:
//
//	go run ./runtime/bench -server
//	go run ./runtime/bench -client "volley (Lua, imap)" -cpuprofile cpu.prof -url http://127.0.0.1:PORT
package main
