# Starts the server for each line on its input. At the end of the input, which comes when the process at the other end
# of the pipe is gone in whatever way, it ends the server and removes its folder.
folder=$1 log=$2 last=$3
shift 3
server=
while read -r _; do
    # The one before is dead: only its number is given back.
    [ -z "$server" ] || wait "$server"
    "$@" </dev/null >>"$log" 2>&1 &
    server=$!
    echo "$server"
done
if [ -n "$server" ]; then
    kill -s "$last" "$server"
    kill -s CONT "$server"
    { sleep 10; kill -s KILL "$server"; } >/dev/null 2>&1 &
    late=$!
    wait "$server"
    kill "$late"
fi
rm -rf "$folder"
