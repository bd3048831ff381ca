# Shows that a connection works. Ids and ordinals are Bitcoin Core's.

@0x888b4f7f51e691f7;

using Proxy = import "/mp/proxy.capnp";

interface Echo $Proxy.wrap("moneyrocket.interfaces.echo.Echo") {
    destroy @0 (context :Proxy.Context) -> ();
    echo @1 (context :Proxy.Context, echo :Text) -> (result :Text);
}
