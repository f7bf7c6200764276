# Runs one PostgreSQL server for the process at the other end of standard input, and outlives that process, however it ends,
# for just as long as it takes to stop the server and to remove what was temporary.
#
# Arguments: initdb, its option for data that need not be durable (or ''), postgres, the server's directory, and the
# directories to remove at the end. Commands, one per line: start, stop, crash; each is answered with one line. Standard
# error is the server's log, locked: whoever gets the lock knows that neither this shell nor any process of the server lives.

# Ctrl-C and a closed terminal are for our process, whose end we see. An answer that nobody reads must not kill us.
trap '' INT HUP PIPE
# Somebody ends all processes one by one: `read` returns, and the server stops in order.
trap : TERM

initdb=$1 no_sync=$2 postgres=$3 directory=$4
shift 4
data=$directory/data
server=

running() { [ -n "$server" ] && kill -0 "$server" 2>/dev/null; }

# Under another name until it is complete: half a data directory must not pass for a whole one.
initialise() {
	[ -f "$data/PG_VERSION" ] && return
	# macOS has C.UTF-8 since its release 14 only.
	for locale in C.UTF-8 C; do
		rm -rf "$data.partial"
		"$initdb" --pgdata="$data.partial" --locale="$locale" --encoding=UTF8 --auth=trust --username=postgres $no_sync \
			</dev/null >&2 && mv "$data.partial" "$data" && return
	done
	return 1
}

start() {
	initialise || return
	# We hold the lock, so this is left from a server that was killed; its number may be another process's by now.
	rm -f "$data/postmaster.pid"
	"$postgres" -D "$data" -c config_file="$directory/server.conf" </dev/null >&2 &
	server=$!
	until grep -qs '^ready' "$data/postmaster.pid"; do
		running || return
		sleep 0.02
	done
}

# Sends the server the signal given; should ten seconds not be enough, it is told to leave at once.
stop() {
	running && kill -s "$1" "$server"
	polls=0
	while running; do
		polls=$((polls + 1))
		[ "$polls" -eq 500 ] && kill -s QUIT "$server"
		sleep 0.02
	done
	server=
}

cd "$directory" && [ -w . ] && reachable=yes
while read -r command; do
	case $reachable,$command in
	,*) echo unreachable ;;
	*,start) start && echo started || echo failed ;;
	*,stop) stop INT && echo stopped ;;
	*,crash) stop QUIT && echo stopped ;;
	esac
done
stop INT
cd /
rm -rf -- "$@"
