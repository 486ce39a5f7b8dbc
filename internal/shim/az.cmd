@echo off
rem computetarget shim
rem
rem An az in front of az: "az ml computetarget" and "az ml folder attach", which
rem lost their extension, go to computetarget; everything else to the real az.
rem "computetarget shim install" wrote it, "computetarget shim uninstall" removes it.
setlocal DisableDelayedExpansion
set "computetarget_says="

if /i "%~1"=="extension" goto extension
if /i "%~1"=="version" goto answer
if /i "%~1"=="--version" if "%~2"=="" goto versions
if "%~1"=="-v" if "%~2"=="" goto versions
if /i not "%~1"=="ml" goto real
if /i "%~2"=="computetarget" goto ours
if /i "%~2"=="compute" goto ours
if /i "%~2"=="folder" if /i "%~3"=="attach" goto ours
goto real

:ours
call :find
set "computetarget_auth=--auth-mode azurecli"
if defined COMPUTETARGET_AUTH_MODE set "computetarget_auth="
if /i "%~2"=="computetarget" if /i "%~3"=="delete" goto delete
"%computetarget_bin%" %computetarget_auth% %*
exit /b %errorlevel%

:delete
"%computetarget_bin%" %computetarget_auth% %* --no-wait --yes
exit /b %errorlevel%

:extension
set "computetarget_then=note"
if /i "%~2"=="add" goto scan
if /i "%~2"=="update" goto scan
if /i "%~2"=="list" goto answer
set "computetarget_then=answer"
if /i "%~2"=="show" goto scan
goto real
:scan
if "%~3"=="" goto real
set "computetarget_word=%~3"
if /i "%computetarget_word%"=="azure-cli-ml" goto %computetarget_then%
if not "%computetarget_word:azure_cli_ml=%"=="%computetarget_word%" goto %computetarget_then%
shift /3
goto scan
:note
echo az: azure-cli-ml is retired; computetarget serves its commands, nothing to do>&2
exit /b 0

rem What az says of its extensions, with the one whose commands are served here.
:versions
set "computetarget_says=versions"
:answer
if not defined computetarget_says set "computetarget_says=answer"
call :find
goto real

:find
set "computetarget_bin=@BINARY@"
if not exist "%computetarget_bin%" set "computetarget_bin=computetarget.exe"
exit /b 0

rem The real az is the first on PATH that is not this file or a copy of it.
:real
set "computetarget_path=%PATH%"
:next
if not defined computetarget_path goto missing
set "computetarget_rest=%computetarget_path%"
set "computetarget_path="
set "computetarget_az="
for /f "eol=| tokens=1* delims=;" %%A in ("%computetarget_rest%") do (
	set "computetarget_path=%%B"
	for %%X in (exe bat cmd) do if not defined computetarget_az if exist "%%~A\az.%%X" set "computetarget_az=%%~A\az.%%X"
)
if not defined computetarget_az goto next
for /f "usebackq skip=1 delims=" %%L in ("%computetarget_az%") do (
	if "%%L"=="rem computetarget shim" goto next
	goto run
)
:run
if "%computetarget_says%"=="answer" goto tell
if "%computetarget_says%"=="versions" goto tellversions
"%computetarget_az%" %*
exit /b %errorlevel%
:tell
"%computetarget_bin%" shim answer --az "%computetarget_az%" %*
exit /b %errorlevel%
:tellversions
"%computetarget_bin%" shim answer --az "%computetarget_az%" versions
exit /b %errorlevel%
:missing
if "%computetarget_says%"=="answer" goto tell
if "%computetarget_says%"=="versions" goto tellversions
echo az: the Azure CLI is not on PATH; only az ml computetarget works here>&2
exit /b 127
