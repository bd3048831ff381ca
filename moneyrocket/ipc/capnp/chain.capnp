# The node as a wallet sees it. Blocks, transactions and locators travel in their Bitcoin serialization, hashes in
# internal byte order, amounts in satoshi, fee rates in sat/kvB, JSON values as text.

@0x94f21de4d5a3b60f;

using Proxy = import "/mp/proxy.capnp";
$Proxy.includeTypes("moneyrocket.ipc.types");

using Common = import "common.capnp";
using Handler = import "handler.capnp";
using RpcCommand = import "rpc_command.capnp";

interface Chain $Proxy.wrap("moneyrocket.interfaces.chain.Chain") {
    destroy @0 (context :Proxy.Context) -> ();
    getHeight @1 (context :Proxy.Context) -> (result :Int32, hasResult :Bool);
    getBlockHash @2 (context :Proxy.Context, height :Int32)
        -> (result :Data, error :Text $Proxy.exception("moneyrocket.interfaces.chain.ChainError"));
    findBlock @3 (context :Proxy.Context, blockHash :Data) -> (result :FoundBlock);
    readBlock @4 (context :Proxy.Context, blockHash :Data) -> (result :Data);
    getLocator @5 (context :Proxy.Context) -> (result :Data);
    getBlockLocator @6 (context :Proxy.Context, blockHash :Data) -> (result :Data);
    findLocatorFork @7 (context :Proxy.Context, locator :Data) -> (result :Int32, hasResult :Bool);
    findFirstBlockWithTimeAndHeight @8 (context :Proxy.Context, minTime :Int64, minHeight :Int32)
        -> (result :Common.BlockRef);
    findCoins @9 (context :Proxy.Context, outpoints :List(Common.OutPoint)) -> (result :List(MaybeCoin));
    guessVerificationProgress @10 (context :Proxy.Context, blockHash :Data) -> (result :Float64);
    hasBlocks @11 (context :Proxy.Context, blockHash :Data, minHeight :Int32) -> (result :Bool);
    isInMempool @12 (context :Proxy.Context, txid :Data) -> (result :Bool);
    hasDescendantsInMempool @13 (context :Proxy.Context, txid :Data) -> (result :Bool);
    getMempoolAncestry @14 (context :Proxy.Context, txid :Data) -> (result :MempoolAncestry);
    checkChainLimits @15 (context :Proxy.Context, tx :Data) -> (result :Text);
    broadcastTransaction @16 (context :Proxy.Context, tx :Data, maxTxFee :Int64, method :Int32) -> (result :Text);
    requestMempoolTransactions @17 (context :Proxy.Context, notifications :ChainNotifications) -> ();
    estimateSmartFee @18 (context :Proxy.Context, confTarget :Int32, conservative :Bool) -> (result :FeeEstimate);
    estimateMaxBlocks @19 (context :Proxy.Context) -> (result :Int32);
    mempoolMinFee @20 (context :Proxy.Context) -> (result :Int64);
    relayMinFee @21 (context :Proxy.Context) -> (result :Int64);
    relayIncrementalFee @22 (context :Proxy.Context) -> (result :Int64);
    relayDustFee @23 (context :Proxy.Context) -> (result :Int64);
    havePruned @24 (context :Proxy.Context) -> (result :Bool);
    isReadyToBroadcast @25 (context :Proxy.Context) -> (result :Bool);
    isInitialBlockDownload @26 (context :Proxy.Context) -> (result :Bool);
    shutdownRequested @27 (context :Proxy.Context) -> (result :Bool);
    initMessage @28 (context :Proxy.Context, message :Text) -> ();
    initWarning @29 (context :Proxy.Context, message :Text) -> ();
    initError @30 (context :Proxy.Context, message :Text) -> ();
    showProgress @31 (context :Proxy.Context, title :Text, progress :Int32, resumePossible :Bool) -> ();
    handleNotifications @32 (context :Proxy.Context, notifications :ChainNotifications) -> (result :Handler.Handler);
    waitForNotificationsIfTipChanged @33 (context :Proxy.Context, oldTip :Data) -> ();
    handleRpc @34 (context :Proxy.Context, command :RpcCommand.RpcCommand) -> (result :Handler.Handler);
    rpcEnableDeprecated @35 (context :Proxy.Context, feature :Text) -> (result :Bool);
    getRwSetting @36 (context :Proxy.Context, name :Text) -> (result :Text);
    updateRwSetting @37 (context :Proxy.Context, name :Text, value :Text) -> (result :Bool);
}

interface ChainNotifications $Proxy.wrap("moneyrocket.interfaces.chain.ChainNotifications") {
    destroy @0 (context :Proxy.Context) -> ();
    transactionAddedToMempool @1 (context :Proxy.Context, tx :Data) -> ();
    transactionRemovedFromMempool @2 (context :Proxy.Context, tx :Data, reason :Int32) -> ();
    blockConnected @3 (context :Proxy.Context, block :BlockInfo) -> ();
    blockDisconnected @4 (context :Proxy.Context, block :BlockInfo) -> ();
    updatedBlockTip @5 (context :Proxy.Context) -> ();
    chainStateFlushed @6 (context :Proxy.Context, locator :Data) -> ();
}

struct FoundBlock $Proxy.wrap("moneyrocket.interfaces.chain.FoundBlock") {
    hash @0 :Data;
    height @1 :Int32;
    time @2 :Int64;
    maxTime @3 :Int64;
    medianTimePast @4 :Int64;
    inActiveChain @5 :Bool;
    nextHash @6 :Data;
}

struct Coin $Proxy.wrap("moneyrocket.interfaces.chain.Coin") {
    out @0 :Common.TxOut;
    height @1 :Int32;
    isCoinbase @2 :Bool;
}

struct MaybeCoin {
    # An element of a list cannot be absent, a struct within it can.
    coin @0 :Coin;
}

struct BlockInfo $Proxy.wrap("moneyrocket.interfaces.chain.BlockInfo") {
    hash @0 :Data;
    prevHash @1 :Data;
    height @2 :Int32;
    maxTime @3 :Int64;
    data @4 :Data;
}

struct MempoolAncestry $Proxy.wrap("moneyrocket.interfaces.chain.MempoolAncestry") {
    ancestors @0 :Int64;
    descendants @1 :Int64;
    ancestorSize @2 :Int64;
    ancestorFees @3 :Int64;
}

struct FeeEstimate $Proxy.wrap("moneyrocket.interfaces.chain.FeeEstimate") {
    feeRate @0 :Int64;
    hasFeeRate @1 :Bool;
    blocks @2 :Int32;
    errors @3 :List(Text);
}
