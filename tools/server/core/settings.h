#pragma once

#include "hawser/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hawser::server {

/// What an organization's administrator, or nobody outside of its maker, can decide. Every name is
/// also the NAME of `--setting NAME=VALUE`; docs/SERVER.md says what each does.
struct Settings {
    enum class ExpiredToken { error, full };
    ExpiredToken expired_token = ExpiredToken::error;
    std::int64_t expired_token_status = 400;
    std::int64_t change_tracking_retention = 7 * 86400; ///< Seconds.
    bool deletes_of_living = false;
    std::map<std::string, bool, std::less<>> change_tracking{}; ///< "change_tracking.TABLE"
    /// "plugin.TABLE.COLUMN": what is put in front of a text that a request writes there, in the same write.
    std::map<std::string, std::string, std::less<>> plugin{};

    std::int64_t requests_per_window = 0; ///< 0 = no throttling.
    std::int64_t window_seconds = 300;
    std::int64_t retry_after = 1;
    std::int64_t dop_hint = 4;

    std::int64_t max_page_size = 5000;
    std::int64_t max_request_body = 128 << 20;
    std::int64_t max_batch_operations = 1000;
    std::int64_t max_upload_file_size = 5242880; ///< Compared with the Base64 length.
    std::string blocked_attachments =
        "ade;adp;app;asa;ashx;asmx;asp;bas;bat;cdx;cer;chm;class;cmd;com;config;cpl;crt;csh;dll;exe;fxp;hlp;"
        "hta;htr;htw;ida;idc;idq;inf;ins;isp;its;jar;js;jse;ksh;lnk;mad;maf;mag;mam;maq;mar;mas;mat;mau;mav;"
        "maw;mda;mdb;mde;mdt;mdw;mdz;msc;msh;msi;msp;mst;ops;pcd;pif;prf;prg;printer;pst;reg;rem;scf;scr;sct;"
        "shb;shs;shtm;shtml;soap;stm;tmp;url;vb;vbe;vbs;vsmacros;vss;vst;vsw;ws;wsc;wsf;wsh";

    bool trim_text = true;
    bool refuse_read_only_columns = false;
    bool completed_email_read_only = true;
    bool cascade_delete = true;
    bool party_put_bumps_parent = true;
    bool party_put_honours_if_match = false;
    bool empty_codes = false;
    std::string loaded_owner = "team";

    Result<void> set(std::string_view name, std::string_view value);
};

} // namespace hawser::server
